// Operands of a type, rank or number of elements that the operator does not take: refused by name,
// never read past their end.
#include <algorithm>
#include <array>
#include <climits>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"
#include "ops/operator_cases.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using Ints = std::vector<std::int64_t>;

Tensor zeros_of(DataType type, std::initializer_list<std::int64_t> dims) {
  return Tensor::zeros(type, dims);
}

// The first input comes at run time, the others are constants.
Graph graph_of_case(const OperatorCase& call) {
  Graph g;
  std::vector<ValueId> ids;
  for (const Tensor& input : call.inputs)
    ids.push_back(ids.empty() ? g.add_input("x", input.type()) : g.add_constant("c", input));
  add_call(g, call, std::move(ids), "node");
  return g;
}

// What inference says of it, which must be what evaluation says where nothing was inferred before:
// "ok", or a message.
std::string verdict(const OperatorCase& call) {
  Graph g = graph_of_case(call);
  const auto outputs = evaluate(g, std::array{call.inputs[0]});
  const Status inferred = infer_shapes(g);
  EXPECT_EQ(inferred.ok(), outputs.ok()) << call.op;
  if (inferred.ok()) return "ok";
  if (!outputs.ok()) {
    EXPECT_EQ(inferred.error().message(), outputs.error().message());
  }
  return inferred.error().message();
}

// The case of operator_cases() with one input replaced.
std::string verdict_with(std::string_view op, std::size_t input, const Tensor& replacement) {
  for (OperatorCase& call : operator_cases()) {
    if (call.op != op) continue;
    EXPECT_EQ(verdict(call), "ok");
    call.inputs.at(input) = replacement;
    return verdict(call);
  }
  return "there is no such case";
}

struct OperandPlace {
  std::string_view op;
  std::size_t input;
  std::string_view name;
};

TEST(HostileOperands, PadNeedsOneValueOfItsOwnType) {
  EXPECT_EQ(verdict_with("Pad", 2, Tensor::scalar(1.0)),
            "node node (Pad): input 2 (constant_value): is float64[], but data is float32[2,3]: "
            "both must be of one type");
  EXPECT_EQ(verdict_with("Pad", 2, zeros_of(DataType::kFloat32, {0})),
            "node node (Pad): input 2 (constant_value) has shape [0], expected one element");
  EXPECT_EQ(verdict_with("Pad", 2, zeros_of(DataType::kFloat32, {2})),
            "node node (Pad): input 2 (constant_value) has shape [2], expected one element");
  EXPECT_EQ(verdict_with("Pad", 2, zeros_of(DataType::kFloat32, {1})), "ok");
  EXPECT_THAT(verdict_with("Pad", 1, zeros_of(DataType::kString, {4})),
              HasSubstr("input 1 (pads): is string[4], expected int64"));
  EXPECT_THAT(verdict_with("Pad", 3, zeros_of(DataType::kString, {2})),
              HasSubstr("input 3 (axes): is string[2], expected int32 and int64"));
  EXPECT_EQ(verdict_with("Pad", 3, Tensor::from_values<std::int32_t>({2}, {0, 1})), "ok");
}

TEST(HostileOperands, PadsThatOverflow) {
  for (const char* mode : {"constant", "edge", "reflect"}) {
    const auto with = [&](const Ints& pads) {
      return verdict({"Pad",
                      {zeros_of(DataType::kFloat32, {4}), Tensor::vector_int64(pads)},
                      {{"mode", std::string(mode)}}});
    };
    // Their sum is 0 in 64 bits.
    EXPECT_THAT(with({INT64_MIN, INT64_MIN}), HasSubstr("pads has the value -9223372036854775808"));
    EXPECT_THAT(with({INT64_MAX, 0}), HasSubstr("pads has the value 9223372036854775807"));
  }
}

TEST(HostileOperands, ZeroPointsOfWeightsAreOneOrOnePerChannel) {
  for (const OperandPlace& place : {OperandPlace{"QLinearConv", 5, "input 5 (w_zero_point)"},
                                    OperandPlace{"QGemm", 5, "input 5 (b_zero_point)"}}) {
    const auto with = [&](std::initializer_list<std::int64_t> dims) {
      return verdict_with(place.op, place.input, zeros_of(DataType::kInt8, dims));
    };
    EXPECT_EQ(with({}), "ok");
    EXPECT_EQ(with({1}), "ok");
    for (const std::int64_t count : {0, 3, 5}) {
      EXPECT_THAT(with({count}), StartsWith("node node ("));
      EXPECT_THAT(
          with({count}),
          HasSubstr(fmt::format("{} has shape [{}], expected a scalar or [4]", place.name, count)));
    }
    EXPECT_THAT(
        with({1, 4}),
        HasSubstr(fmt::format("{} has shape [1,4], expected a scalar or a vector", place.name)));
  }
  EXPECT_THAT(verdict_with("QLinearConv", 4, zeros_of(DataType::kFloat32, {5})),
              HasSubstr("input 4 (w_scale) has shape [5], expected a scalar or [4]"));
  EXPECT_THAT(verdict_with("QGemm", 4, zeros_of(DataType::kFloat32, {3})),
              HasSubstr("input 4 (b_scale) has shape [3], expected a scalar or [4]"));
}

TEST(HostileOperands, AZeroPointWhoseShapeComesWithTheRun) {
  for (const OperatorCase& call : operator_cases()) {
    if (call.op != "QLinearConv" && call.op != "QGemm") continue;
    Graph g;
    std::vector<ValueId> ids;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      ids.push_back(i == 5 ? g.add_input("late", {DataType::kInt8, std::nullopt})
                           : g.add_constant("c", call.inputs[i]));
    }
    g.set_outputs({g.add(call.op, ids, call.attributes, "node", call.domain)});
    ASSERT_TRUE(infer_shapes(g).ok());
    EXPECT_TRUE(evaluate(g, std::array{zeros_of(DataType::kInt8, {4})}).ok());
    for (const std::int64_t count : {0, 3, 5}) {
      const auto outputs = evaluate(g, std::array{zeros_of(DataType::kInt8, {count})});
      ASSERT_FALSE(outputs.ok());
      EXPECT_THAT(outputs.error().message(), HasSubstr("zero_point) has shape ["));
    }
  }
}

TEST(HostileOperands, DropoutInTraining) {
  EXPECT_EQ(verdict_with("Dropout", 2, zeros_of(DataType::kString, {})),
            "node node (Dropout): input 2 (training_mode): is string[], expected bool");
  EXPECT_THAT(verdict_with("Dropout", 2, zeros_of(DataType::kBool, {0})),
              HasSubstr("input 2 (training_mode) has shape [0], expected a scalar"));
}

TEST(HostileOperands, StatisticsOfANormalization) {
  const std::array names{"scale", "B", "input_mean", "input_var"};
  for (std::size_t i = 1; i < 5; ++i) {
    const std::string place =
        fmt::format("node node (BatchNormalization): input {} ({})", i, names.at(i - 1));
    EXPECT_THAT(verdict_with("BatchNormalization", i, zeros_of(DataType::kString, {4})),
                HasSubstr(place + ": is string[4], expected "));
    EXPECT_EQ(verdict_with("BatchNormalization", i, zeros_of(DataType::kFloat32, {3})),
              place + " has shape [3], expected [4]");
    EXPECT_EQ(verdict_with("BatchNormalization", i, zeros_of(DataType::kFloat32, {1, 4})),
              place + " has shape [1,4], expected a vector");
  }
}

// The shapes that operators ask for hold also where the rank of the data is not known yet.
TEST(HostileOperands, OperandsOfDataWithoutARank) {
  const auto with = [](std::string_view op, std::size_t input, const Tensor& replacement) {
    for (OperatorCase& call : operator_cases()) {
      if (call.op != op) continue;
      call.inputs.at(input) = replacement;
      Graph g = graph_of_case(call);
      g.set_type(g.inputs()[0], {call.inputs[0].data_type(), std::nullopt});
      const Status inferred = infer_shapes(g);
      return inferred.ok() ? std::string("ok") : inferred.error().message();
    }
    return std::string("there is no such case");
  };
  EXPECT_THAT(with("Gemm", 1, zeros_of(DataType::kFloat32, {4})),
              HasSubstr("B has shape [4], expected a matrix"));
  EXPECT_THAT(with("QGemm", 3, zeros_of(DataType::kInt8, {})),
              HasSubstr("B has shape [], expected a matrix"));
  EXPECT_THAT(with("Conv", 1, zeros_of(DataType::kFloat32, {4})),
              HasSubstr("weights have shape [4], expected [M,C/group,kernel...]"));
  EXPECT_THAT(with("Conv", 2, zeros_of(DataType::kFloat32, {})),
              HasSubstr("input 2 (B) has shape [], expected a vector"));
  EXPECT_THAT(with("QLinearConv", 8, zeros_of(DataType::kInt32, {1, 4})),
              HasSubstr("input 8 (B) has shape [1,4], expected a vector"));
  EXPECT_THAT(with("BatchNormalization", 4, zeros_of(DataType::kFloat32, {})),
              HasSubstr("input 4 (input_var) has shape [], expected a vector"));
}

// Everything that is read as a number.
TEST(HostileOperands, StringsAreNoNumbers) {
  for (const OperandPlace& place :
       {OperandPlace{"Clip", 1, "input 1 (min)"}, OperandPlace{"Clip", 2, "input 2 (max)"},
        OperandPlace{"Dropout", 1, "input 1 (ratio)"},
        OperandPlace{"Reshape", 1, "input 1 (shape)"}, OperandPlace{"Squeeze", 1, "input 1 (axes)"},
        OperandPlace{"Unsqueeze", 1, "input 1 (axes)"},
        OperandPlace{"ReduceMean", 1, "input 1 (axes)"},
        OperandPlace{"DequantizeLinear", 1, "input 1 (x_scale)"},
        OperandPlace{"DequantizeLinear", 2, "input 2 (x_zero_point)"},
        OperandPlace{"QuantizeLinear", 1, "input 1 (y_scale)"},
        OperandPlace{"QuantizeLinear", 2, "input 2 (y_zero_point)"},
        OperandPlace{"QLinearConv", 1, "input 1 (x_scale)"},
        OperandPlace{"QLinearConv", 7, "input 7 (y_zero_point)"},
        OperandPlace{"QGemm", 6, "input 6 (C)"},
        OperandPlace{"QLinearAdd", 4, "input 4 (B_scale)"}}) {
    std::vector<std::int64_t> dims;
    for (const OperatorCase& call : operator_cases()) {
      if (call.op == place.op) dims = call.inputs.at(place.input).dims();
    }
    const std::string message =
        verdict_with(place.op, place.input, Tensor::zeros(DataType::kString, dims));
    EXPECT_THAT(message, StartsWith("node node ("));
    EXPECT_THAT(message, HasSubstr(fmt::format("{}: is string", place.name)));
  }
  Graph g;
  Graph body;
  body.set_outputs({body.add_constant("one", Tensor::scalar(1.0F))});
  const ir::Subgraph branch{std::make_shared<const Graph>(std::move(body)), {}};
  g.set_outputs({g.add("If", std::array{g.add_constant("maybe", zeros_of(DataType::kString, {}))},
                       {{"then_branch", branch}, {"else_branch", branch}}, "choice")});
  EXPECT_EQ(infer_shapes(g).error().message(),
            "node choice (If): input 0 (cond): is string[], expected bool");
}

TEST(HostileOperands, SequencesAreNoTensors) {
  for (const OperatorCase& call : operator_cases()) {
    if (call.op == "Identity") continue;
    Graph g = graph_of_case(call);
    g.set_type(g.inputs()[0], ir::Type::sequence(call.inputs[0].type()));
    const Status inferred = infer_shapes(g);
    ASSERT_FALSE(inferred.ok()) << call.op;
    EXPECT_THAT(inferred.error().message(), HasSubstr("input 0 (")) << call.op;
    EXPECT_THAT(inferred.error().message(), HasSubstr(": is seq(")) << call.op;
  }
  Graph g;
  const ir::Type type = ir::Type::sequence({DataType::kFloat32, std::nullopt});
  const ValueId x = g.add_input("x", type);
  g.set_outputs({g.add("Identity", std::array{x}, {}, "y")});
  ASSERT_TRUE(infer_shapes(g).ok());
  EXPECT_EQ(g.type(g.outputs()[0]), type);
  const ir::Datum sequence(
      ir::Datum::Sequence{{DataType::kFloat32, std::nullopt}, {Tensor::scalar(3.0F)}});
  const auto outputs = evaluate_values(g, std::array{sequence});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_TRUE(outputs->at(0).identical(sequence));
}

// Scales of one number each for a block of elements: of a vector, too.
TEST(HostileOperands, BlocksOfAVector) {
  const OperatorCase call{"DequantizeLinear",
                          {Tensor::from_values<std::int32_t>({5}, {1, 2, 3, 4, 5}),
                           Tensor::from_values<float>({3}, {1, 10, 100})},
                          {{"axis", std::int64_t{0}}, {"block_size", std::int64_t{2}}}};
  Graph g = graph_of_case(call);
  const auto outputs = evaluate(g, std::array{call.inputs[0]});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_THAT(outputs->at(0).to_floats(), ElementsAre(1, 2, 30, 40, 500));

  for (const std::int64_t count : {2, 4, 5}) {
    OperatorCase wrong = call;
    wrong.inputs[1] = zeros_of(DataType::kFloat32, {count});
    EXPECT_THAT(verdict(wrong), HasSubstr(fmt::format("blocked scale has shape [{}]", count)));
  }
}

TEST(HostileOperands, BlocksOfAMatrix) {
  const OperatorCase call{"DequantizeLinear",
                          {Tensor::from_values<std::int8_t>({2, 3}, {1, 2, 3, 4, 5, 6}),
                           Tensor::from_values<float>({2, 2}, {1, 10, 100, 1000})},
                          {{"axis", std::int64_t{1}}, {"block_size", std::int64_t{2}}}};
  const auto outputs = evaluate(graph_of_case(call), std::array{call.inputs[0]});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_THAT(outputs->at(0).to_floats(), ElementsAre(1, 2, 30, 400, 500, 6000));
  // A block that no extent reaches must not overflow where blocks are counted.
  OperatorCase vast = call;
  vast.attributes["block_size"] = INT64_MAX;
  vast.inputs[1] = Tensor::from_values<float>({2, 1}, {1, 10});
  EXPECT_EQ(verdict(vast), "ok");
  vast.inputs[1] = call.inputs[1];
  EXPECT_THAT(verdict(vast), HasSubstr("does not fit [2,3] with block_size 9223372036854775807"));
}

TEST(HostileOperands, WindowsThatOverflow) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 31;
  const auto pool = [](const Tensor& x, const Ints& kernel, const Ints& dilations) {
    return verdict({"MaxPool",
                    {x},
                    {{"kernel_shape", kernel},
                     {"dilations", dilations},
                     {"auto_pad", std::string("SAME_UPPER")}}});
  };
  EXPECT_THAT(
      pool(zeros_of(DataType::kFloat32, {1, 1, 2, 2, 2}), {kLarge, kLarge, kLarge}, {1, 1, 1}),
      HasSubstr("has too many elements"));
  EXPECT_THAT(pool(zeros_of(DataType::kFloat32, {1, 1, 2, 2}), {1 << 20, 1}, {kLarge, 1}),
              HasSubstr("spans too much"));
  EXPECT_EQ(pool(zeros_of(DataType::kFloat32, {1, 1, 2, 2}), {3, 1}, {1 << 29, 1}), "ok");
  // A kernel without elements takes no memory, whatever its extents.
  EXPECT_THAT(verdict({"Conv",
                       {zeros_of(DataType::kFloat32, {1, 1, 4, 4}),
                        zeros_of(DataType::kFloat32, {0, 1, std::int64_t{1} << 50, 1})},
                       {{"dilations", Ints{kLarge, 1}}}}),
              HasSubstr("has too many elements"));
}

TEST(HostileOperands, SumsOfManyQuantizedPixelsWrap) {
  constexpr std::int64_t kPixels = 8'500'000;  // of 255 each: more than an int32 can count
  Tensor x = zeros_of(DataType::kUint8, {1, 1, 1, kPixels});
  for (std::uint8_t& v : x.mutable_data<std::uint8_t>()) v = 255;
  const Tensor one = Tensor::scalar(1.0F);
  const Tensor zero = Tensor::scalar(std::uint8_t{0});
  EXPECT_EQ(verdict({"QLinearGlobalAveragePool", {x, one, zero, one, zero}, {}, "com.microsoft"}),
            "ok");
  EXPECT_THAT(verdict({"QLinearGlobalAveragePool",
                       {zeros_of(DataType::kUint8, {1, 1, 0, 3}), one, zero, one, zero},
                       {},
                       "com.microsoft"}),
              HasSubstr("spatial extent is 0"));
}

// Nothing to reshape, to more elements than can be counted.
TEST(HostileOperands, ReshapesOfNothing) {
  const auto reshape = [](const Tensor& x, const Ints& shape) {
    OperatorCase call{"Reshape", {x, Tensor::vector_int64(shape)}};
    return evaluate(graph_of_case(call), std::array{x});
  };
  const Tensor nothing = zeros_of(DataType::kFloat32, {0, 1, 8});
  EXPECT_FALSE(reshape(nothing, {std::int64_t{1} << 61, -1, 0}).ok());
  const auto kept = reshape(nothing, {0, -1, 4});
  ASSERT_TRUE(kept.ok()) << kept.error().message();
  EXPECT_THAT(kept->at(0).dims(), ElementsAre(0, 2, 4));
}

TEST(HostileOperands, WorkOfUnknownExtentsIsNotCounted) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, std::nullopt});
  const ValueId w = g.add_constant("w", zeros_of(DataType::kFloat32, {4, 3}));
  g.set_outputs({g.add("MatMul", std::array{x, w})});
  ASSERT_TRUE(infer_shapes(g).ok());
  EXPECT_EQ(count_macs(g), std::nullopt);
}

// Whatever a file puts in the place of an operand ends with an answer or a message; the sanitizers
// watch what is read.
bool has_graph_inside(const OpDef& op) {
  const auto& attributes = op.signature->attributes;
  return std::any_of(attributes.begin(), attributes.end(), [](const AttributeSignature& attribute) {
    return attribute.kind == AttributeKind::kGraph || attribute.kind == AttributeKind::kGraphs;
  });
}

// Operators that take or give other things than tensors, which have tests of their own, and those
// that take nothing.
bool has_tensors_alone(const OpDef& op) {
  constexpr std::string_view kOthers[] = {"CastMap",
                                          "ConcatFromSequence",
                                          "DictVectorizer",
                                          "Optional",
                                          "OptionalGetElement",
                                          "OptionalHasElement",
                                          "SequenceAt",
                                          "SequenceConstruct",
                                          "SequenceEmpty",
                                          "SequenceErase",
                                          "SequenceInsert",
                                          "SequenceLength",
                                          "SplitToSequence",
                                          "ZipMap"};
  return op.signature->max_inputs > 0 &&
         std::find(std::begin(kOthers), std::end(kOthers), op.name) == std::end(kOthers);
}

// Whose first operand, which is no constant here, says what shape comes out.
bool decided_by_first(std::string_view op) { return op == "ConstantOfShape" || op == "Range"; }

// Whether a type is the inferred one but for extents that values decide.
bool fits(const ir::TensorType& type, ir::TensorType inferred) {
  for (std::size_t i = 0; inferred.has_rank(type.shape->size()) && i < type.shape->size(); ++i) {
    ir::Dim& extent = (*inferred.shape)[i];
    if (extent.symbolic().is_data_dependent()) extent = (*type.shape)[i];
  }
  return type == inferred;
}

TEST(HostileOperands, EveryDamagedOperandEnds) {
  std::set<std::string_view> covered;
  for (const OperatorCase& good : operator_cases()) {
    covered.insert(good.op);
    ASSERT_EQ(verdict(good), "ok");
    for (std::size_t i = 0; i < good.inputs.size(); ++i) {
      for (const Tensor& replacement : damaged(good.inputs[i])) {
        SCOPED_TRACE(fmt::format("{} input {}: {}", good.op, i, replacement.type().to_string()));
        OperatorCase call = good;
        call.inputs[i] = replacement;
        Graph g = graph_of_case(call);
        const Status inferred = infer_shapes(g);
        const auto outputs = evaluate(graph_of_case(call), std::array{call.inputs[0]});
        if (!inferred.ok()) {
          EXPECT_FALSE(outputs.ok());
          EXPECT_THAT(inferred.error().message(), HasSubstr("node node ("));
        } else if (outputs.ok()) {
          const ir::TensorType& told = g.tensor_type(g.outputs()[0]);
          if (decided_by_first(good.op)) {
            EXPECT_EQ(outputs->at(0).data_type(), told.data_type);
          } else {
            EXPECT_TRUE(fits(outputs->at(0).type(), told)) << told.to_string();
          }
        }
      }
    }
  }
  for (const OpDef& op : all_ops())
    EXPECT_TRUE(has_graph_inside(op) || !has_tensors_alone(op) || covered.contains(op.name))
        << op.name << " has no case";
}

}  // namespace
}  // namespace lathe::ops
