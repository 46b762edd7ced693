#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Shape;
using ir::Tensor;
using ir::ValueId;
using testing::ElementsAre;
using testing::HasSubstr;

// A graph that applies one operator to what it captures.
ir::Subgraph branch(std::string_view op_type, std::vector<ValueId> captures) {
  Graph body;
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < captures.size(); ++i)
    inputs.push_back(body.add_capture(fmt::format("outer{}", i)));
  body.set_outputs({body.add(op_type, inputs, {}, "inner")});
  return {std::make_shared<const Graph>(std::move(body)), std::move(captures)};
}

// y = condition ? x reshaped to what `shape` says : Relu(x)
struct Model {
  Graph g;
  ValueId x = ir::kNoValue;

  explicit Model(std::initializer_list<std::int64_t> shape) {
    const ValueId condition = g.add_input("condition", {DataType::kBool, Shape{}});
    x = g.add_input("x", {DataType::kFloat32, Shape{2, 3}});
    const ValueId target =
        g.add_constant("target", Tensor::vector_int64(std::span(shape.begin(), shape.size())));
    g.set_outputs({g.add(
        "If", std::array{condition},
        {{"then_branch", branch("Reshape", {x, target})}, {"else_branch", branch("Relu", {x})}},
        "y")});
  }

  [[nodiscard]] std::vector<float> run(bool condition) const {
    const auto outputs =
        evaluate(g, std::array{Tensor::scalar(condition),
                               Tensor::from_values<float>({2, 3}, {-1, 2, -3, 4, -5, 6})});
    EXPECT_TRUE(outputs.ok()) << outputs.error().message();
    return outputs->at(0).to_floats();
  }
};

TEST(If, TakesABranchWithWhatItCaptures) {
  Model model({3, 2});
  ASSERT_TRUE(infer_shapes(model.g).ok());
  EXPECT_THAT(model.run(true), ElementsAre(-1, 2, -3, 4, -5, 6));
  EXPECT_THAT(model.run(false), ElementsAre(0, 2, 0, 4, 0, 6));
}

TEST(If, InfersWhatBothBranchesHaveInCommon) {
  Model same({2, 3});
  ASSERT_TRUE(infer_shapes(same.g).ok());
  EXPECT_EQ(same.g.type(same.g.outputs()[0]).to_string(), "float32[2,3]");

  Model differ({3, 2});
  ASSERT_TRUE(infer_shapes(differ.g).ok());
  const ir::TensorType& type = differ.g.tensor_type(differ.g.outputs()[0]);
  EXPECT_EQ(type.to_string(), "float32[?,?]");
  EXPECT_TRUE(type.shape->front().symbolic().is_data_dependent());

  Model flat({6});
  ASSERT_TRUE(infer_shapes(flat.g).ok());
  EXPECT_EQ(flat.g.type(flat.g.outputs()[0]).to_string(), "float32[*]");
}

TEST(If, KeepsTheSymbolsThatBothBranchesHave) {
  Graph g;
  const ir::Dim n = ir::Dim::symbol("N");
  const ValueId condition = g.add_input("condition", {DataType::kBool, Shape{}});
  const ValueId x = g.add_input("x", {DataType::kFloat32, Shape{n, 3}});
  Graph twice;
  const ValueId outer = twice.add_capture("outer");
  twice.set_outputs(
      {twice.add("Concat", std::array{outer, outer}, {{"axis", std::int64_t{1}}}, "inner")});
  const ir::Subgraph joined{std::make_shared<const Graph>(std::move(twice)), {x}};
  g.set_outputs({g.add("If", std::array{condition},
                       {{"then_branch", branch("Relu", {x})}, {"else_branch", joined}}, "y")});
  ASSERT_TRUE(infer_shapes(g).ok());
  EXPECT_EQ(g.type(g.outputs()[0]).to_string(), "float32[N,?]");
  const Tensor rows = Tensor::from_values<float>({1, 3}, {-1, 2, 3});
  EXPECT_THAT(evaluate(g, std::array{Tensor::scalar(true), rows})->at(0).dims(), ElementsAre(1, 3));
  EXPECT_THAT(evaluate(g, std::array{Tensor::scalar(false), rows})->at(0).dims(),
              ElementsAre(1, 6));
}

// A constant two graphs further out decides a shape; what a branch captures is freed by nobody
// before the branch has run, also where nodes beside it read it too.
TEST(If, CapturesReachThroughGraphsInside) {
  Graph body;
  const ValueId yes = body.add_constant("yes", Tensor::scalar(true));
  const ValueId outer_x = body.add_capture("outer_x");
  const ValueId outer_shape = body.add_capture("outer_shape");
  body.set_outputs({body.add("If", std::array{yes},
                             {{"then_branch", branch("Reshape", {outer_x, outer_shape})},
                              {"else_branch", branch("Reshape", {outer_x, outer_shape})}},
                             "nested")});
  Graph g;
  const ValueId condition = g.add_input("condition", {DataType::kBool, Shape{}});
  const ValueId x = g.add_input("x", {DataType::kFloat32, Shape{2, 3}});
  const ValueId made = g.add("Relu", std::array{x}, {}, "made");
  g.add("Tanh", std::array{made}, {}, "unused");
  const ValueId shape =
      g.add_constant("shape", Tensor::vector_int64(std::array<std::int64_t, 2>{3, 2}));
  const ir::Subgraph subgraph{std::make_shared<const Graph>(std::move(body)), {made, shape}};
  const ValueId y = g.add("If", std::array{condition},
                          {{"then_branch", subgraph}, {"else_branch", subgraph}}, "y");
  g.set_outputs({y, g.add("Tanh", std::array{made}, {}, "also")});
  ASSERT_TRUE(g.compact().ok()) << "drops what nobody reads";
  EXPECT_FALSE(g.find_value("unused"));
  EXPECT_TRUE(g.find_value("made"));
  const Status inferred = infer_shapes(g);
  ASSERT_TRUE(inferred.ok()) << inferred.error().message();
  EXPECT_EQ(g.type(g.outputs()[0]).to_string(), "float32[3,2]");
  const auto outputs = evaluate(
      g,
      std::array{Tensor::scalar(false), Tensor::from_values<float>({2, 3}, {-1, 2, -3, 4, -5, 6})});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_THAT(outputs->at(0).to_floats(), ElementsAre(0, 2, 0, 4, 0, 6));
}

TEST(If, NamesWhatIsWrongInside) {
  Model model({4, 2});
  EXPECT_THAT(
      infer_shapes(model.g).error().message(),
      HasSubstr("node y (If): attribute 'then_branch': node inner (Reshape): [2,3] cannot"));
}

TEST(If, BranchesMustMakeOneType) {
  Graph g;
  const ValueId condition = g.add_input("condition", {DataType::kBool, Shape{}});
  const ValueId a = g.add_input("a", {DataType::kFloat32, Shape{2}});
  const ValueId b = g.add_input("b", {DataType::kInt64, Shape{2}});
  g.set_outputs({g.add(
      "If", std::array{condition},
      {{"then_branch", branch("Identity", {a})}, {"else_branch", branch("Identity", {b})}})});
  EXPECT_THAT(infer_shapes(g).error().message(),
              HasSubstr("output 0 is float32[2] in then_branch, and int64[2] in else_branch"));
}

}  // namespace
}  // namespace lathe::ops
