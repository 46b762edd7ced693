// --precision bf16: what is stored in bfloat16, what is not, and how far the answers are off.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/test_models.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;

// A sum of products of numbers with 8 bits each.
constexpr double kTolerance = 0.02;

class NarrowValues : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }

  static std::vector<Tensor> run(const Graph& graph, const Tensor& input, Precision precision,
                                 bool leave_open = false) {
    const auto executable = native_backend().compile(
        graph, {.threads = 1, .leave_open = leave_open, .precision = precision});
    EXPECT_TRUE(executable.ok()) << executable.error().message();
    auto outputs = (*executable)->new_context()->run(std::array{input});
    EXPECT_TRUE(outputs.ok()) << outputs.error().message();
    return *outputs;
  }

  // How often each operator is computed on bfloat16, after the answers have been looked at.
  static std::map<std::string, int> narrow_operators(const Graph& graph, const Tensor& input) {
    const auto wide = run(graph, input, Precision::kFloat32);
    const auto narrow = run(graph, input, Precision::kBFloat16);
    for (std::size_t i = 0; i < wide.size(); ++i) {
      EXPECT_EQ(wide[i].type(), narrow[i].type());
      EXPECT_LT(largest_relative_difference(wide[i], narrow[i]), kTolerance);
      EXPECT_FALSE(wide[i].identical(narrow[i]));
    }
    const auto executable =
        native_backend().compile(graph, {.threads = 1, .precision = Precision::kBFloat16});
    const Plan& plan = *plan_of(**executable);
    std::map<std::string, int> operators;
    for (const Step& step : plan.steps) {
      const auto is_narrow = [&](SlotId id) {
        return plan.slots[static_cast<std::size_t>(id)].data_type == DataType::kBFloat16;
      };
      if (std::any_of(step.inputs.begin(), step.inputs.end(), is_narrow) ||
          std::any_of(step.outputs.begin(), step.outputs.end(), is_narrow))
        ++operators[step.op_type];
    }
    return operators;
  }

  ValueId convolution(ValueId x, std::int64_t in, std::int64_t out) {
    const ValueId w = graph_.add_constant("w", random_input({out, in, 3, 3}, ++seed_));
    return graph_.add("Conv", std::array{x, w}, {{"pads", Ints{1, 1, 1, 1}}});
  }

  Graph finished(std::vector<ValueId> outputs) {
    graph_.set_outputs(std::move(outputs));
    EXPECT_TRUE(ops::infer_shapes(graph_).ok());
    return graph_;
  }

  Graph graph_;
  Tensor input_ = random_input({1, 4, 9, 7}, 1);
  std::uint64_t seed_ = 1;
};

TEST_F(NarrowValues, NetworksWithoutConversionsInside) {
  for (const char* name : {"mlp", "cnn", "resnet8", "mobile", "resnet18", "mobilenet_v2"}) {
    SCOPED_TRACE(name);
    const std::string_view network = name;
    const bool large = network == "resnet18" || network == "mobilenet_v2";
    const Graph graph =
        test_network(name, large ? ir::ArchitectureOptions{.height = 64, .width = 64}
                                 : ir::ArchitectureOptions{});
    Ints dims = ir::known_dims(*graph.tensor_type(graph.inputs()[0]).shape).value_or(Ints{});
    if (dims.empty()) {
      for (const ir::Dim& dim : *graph.tensor_type(graph.inputs()[0]).shape)
        dims.push_back(dim.known() ? dim.value() : 1);
    }
    const auto operators = narrow_operators(graph, random_input(dims, 3));
    // The input's alone: the last product writes float32.
    EXPECT_EQ(operators.at("Cast"), 1);
  }
}

TEST_F(NarrowValues, WhatFollowsIsNarrowAndWhatIsFloat32StaysSo) {
  const ValueId x = graph_.add_input("x", input_.type());
  const ValueId a = convolution(x, 4, 8);
  const ValueId pooled = graph_.add("MaxPool", std::array{a}, {{"kernel_shape", Ints{2, 2}}});
  const ValueId b = convolution(pooled, 8, 8);
  const ValueId scale = graph_.add_constant("scale", random_input({1, 8, 1, 1}, 5));
  const ValueId scaled = graph_.add("Mul", std::array{b, scale});
  const ValueId joined =
      graph_.add("Concat", std::array{scaled, pooled, b}, {{"axis", std::int64_t{1}}});
  const ValueId soft = graph_.add("LogSoftmax", std::array{joined}, {{"axis", std::int64_t{1}}});
  const auto operators = narrow_operators(finished({soft, pooled}), input_);
  EXPECT_EQ(operators.at("Conv"), 2);
  EXPECT_EQ(operators.at("MaxPool"), 1);
  EXPECT_EQ(operators.at("Mul"), 1);
  EXPECT_EQ(operators.at("Concat"), 1);
  EXPECT_FALSE(operators.contains("LogSoftmax"));
  EXPECT_EQ(operators.at("Cast"), 3);  // the input, before LogSoftmax, the second output
}

// A residual that is float32, since the model's input is, and one that a convolution made.
TEST_F(NarrowValues, ResidualsOfEitherKind) {
  const ValueId x = graph_.add_input("x", input_.type());
  const ValueId first = graph_.add("Add", std::array{convolution(x, 4, 4), x});
  const ValueId second = graph_.add("Add", std::array{convolution(first, 4, 4), first});
  const auto operators =
      narrow_operators(finished({graph_.add("Relu", std::array{second})}), input_);
  EXPECT_EQ(operators.at("Conv+Add"), 1);
  EXPECT_EQ(operators.at("Conv+Add+Relu"), 1);
  EXPECT_EQ(operators.at("Cast"), 2);  // in and out
}

TEST_F(NarrowValues, AnOutputThatIsReadOnKeepsItsName) {
  const ValueId x = graph_.add_input("x", input_.type());
  const ValueId a = convolution(x, 4, 4);
  graph_.rename_value(a, "middle");
  const Graph graph = finished({a, convolution(a, 4, 4), a});
  const auto executable =
      native_backend().compile(graph, {.threads = 1, .precision = Precision::kBFloat16});
  ASSERT_TRUE(executable.ok());
  EXPECT_EQ((*executable)->outputs()[0].name, "middle");
  EXPECT_EQ((*executable)->outputs()[0].type.data_type, DataType::kFloat32);
  for (const std::size_t i : {0U, 2U})
    EXPECT_EQ(plan_of(**executable)->output_infos[i].name, "middle");
  const auto outputs = (*executable)->new_context()->run(std::array{input_});
  ASSERT_TRUE(outputs.ok());
  EXPECT_TRUE((*outputs)[0].identical((*outputs)[2]));
  EXPECT_LT(largest_relative_difference(run(graph, input_, Precision::kFloat32)[1], (*outputs)[1]),
            kTolerance);
}

TEST_F(NarrowValues, WhatTheModelStoresInBfloat16StaysThat) {
  const ValueId x =
      graph_.add_input("x", ir::TensorType{DataType::kBFloat16, ir::make_shape(Ints{2, 3})});
  const ValueId y = graph_.add("Transpose", std::array{x}, {{"perm", Ints{1, 0}}});
  const Graph graph = finished({y});
  const auto executable =
      native_backend().compile(graph, {.threads = 1, .precision = Precision::kBFloat16});
  ASSERT_TRUE(executable.ok());
  EXPECT_EQ((*executable)->outputs()[0].type.data_type, DataType::kBFloat16);
}

// 513 and its like have more bits than bfloat16: what is no convolution's result is not rounded.
TEST_F(NarrowValues, AnotherOperandInFloat32IsNotRounded) {
  const ValueId x = graph_.add_input("x", input_.type());
  const ValueId a = graph_.add("Sigmoid", std::array{convolution(x, 4, 4)});
  const ValueId grid = graph_.add("Add", std::array{x, graph_.add_constant("offset", [] {
                                                      Tensor offset =
                                                          Tensor::zeros(DataType::kFloat32, {});
                                                      offset.mutable_data<float>()[0] = 513;
                                                      return offset;
                                                    }())});
  const Graph graph = finished({graph_.add("Mul", std::array{a, grid}), grid});
  const auto wide = run(graph, input_, Precision::kFloat32);
  const auto narrow = run(graph, input_, Precision::kBFloat16);
  EXPECT_TRUE(wide[1].identical(narrow[1]));
  EXPECT_LT(largest_relative_difference(wide[0], narrow[0]), kTolerance);
}

// A matrix that is weights here and an operand there, for batches that come one after the other.
TEST_F(NarrowValues, AConstantInTwoRolesOutlivesItsPacking) {
  const ValueId x = graph_.add_input(
      "x",
      ir::TensorType{DataType::kFloat32, ir::Shape{ir::Dim(ir::SymInt::symbol("N")), ir::Dim(8)}});
  const ValueId w = graph_.add_constant("w", random_input({8, 8}, 9));
  const ValueId product = graph_.add("Sigmoid", std::array{graph_.add("MatMul", std::array{x, w})});
  const Graph graph = finished({graph_.add("Add", std::array{product, w})});
  const auto executable = native_backend().compile(
      graph, {.threads = 1, .leave_open = true, .precision = Precision::kBFloat16});
  ASSERT_TRUE(executable.ok()) << executable.error().message();
  const auto context = (*executable)->new_context();
  for (const std::int64_t batch : {8, 1, 8})
    EXPECT_TRUE(context->run(std::array{random_input({batch, 8}, 4)}).ok());
}

TEST_F(NarrowValues, GraphsInsideReadFloat32) {
  const ValueId x = graph_.add_input("x", input_.type());
  const ValueId a = convolution(x, 4, 4);
  const auto branch = [&](const char* op) {
    Graph body;
    const ValueId captured = body.add_capture("a", graph_.type(a));
    body.set_outputs({body.add(op, std::array{captured})});
    return ir::Subgraph{std::make_shared<const Graph>(std::move(body)), {a}};
  };
  const ValueId sum = graph_.add("ReduceSum", std::array{x}, {{"keepdims", std::int64_t{0}}});
  const ValueId zero = graph_.add_constant("zero", Tensor::zeros(DataType::kFloat32, {}));
  const ValueId condition = graph_.add("Greater", std::array{sum, zero});
  const ValueId chosen =
      graph_.add("If", std::array{condition},
                 {{"then_branch", branch("Relu")}, {"else_branch", branch("Neg")}});
  const Graph graph = finished({convolution(chosen, 4, 4)});
  EXPECT_LT(largest_relative_difference(run(graph, input_, Precision::kFloat32)[0],
                                        run(graph, input_, Precision::kBFloat16)[0]),
            kTolerance);
}

TEST_F(NarrowValues, ShapesThatAreLeftOpenAnswerAsFixedOnes) {
  const auto network = [&](ir::Dim height) {
    Graph graph;
    std::swap(graph, graph_);
    const ValueId x = graph_.add_input(
        "x",
        ir::TensorType{DataType::kFloat32, ir::Shape{ir::Dim(1), ir::Dim(4), height, ir::Dim(7)}});
    seed_ = 1;
    const ValueId a = convolution(x, 4, 8);
    return finished({graph_.add("Relu", std::array{convolution(a, 8, 5)})});
  };
  const auto fixed = run(network(ir::Dim(9)), input_, Precision::kBFloat16);
  const auto open =
      run(network(ir::Dim(ir::SymInt::symbol("H"))), input_, Precision::kBFloat16, true);
  EXPECT_TRUE(fixed[0].identical(open[0]));
}

TEST_F(NarrowValues, ItIsSaid) {
  const auto notes = [](Precision precision) {
    const auto executable =
        native_backend().compile(test_network("resnet8"), {.threads = 1, .precision = precision});
    std::string all;
    for (const std::string& note : (*executable)->notes()) all += note + "\n";
    return all;
  };
  EXPECT_THAT(notes(Precision::kBFloat16), HasSubstr("in bfloat16, 1 conversion between"));
  EXPECT_THAT(notes(Precision::kFloat32), Not(HasSubstr("bfloat16")));
}

}  // namespace
}  // namespace lathe::engine
