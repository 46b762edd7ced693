// Operators without a kernel of their own for each form: on the portable kernels, whatever the
// types, the broadcast and the axes, and as the reference has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/random.h"
#include "engine/native.h"
#include "engine/plan.h"
#include "engine/reference.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using Dims = std::vector<std::int64_t>;
using Attributes = ir::AttributeMap;

struct Input {
  Dims dims;
  DataType type = DataType::kFloat32;
  bool positive = false;
};

// Small whole numbers for integers, 0 and 1 for bool.
Tensor input_tensor(const Input& input, std::uint64_t seed) {
  Tensor tensor = Tensor::zeros(input.type, input.dims);
  Random random(seed);
  for (std::int64_t i = 0; i < tensor.num_elements(); ++i) {
    const float x = random.normal();
    if (input.type == DataType::kBool) {
      tensor.set_double(i, x > 0 ? 1 : 0);
    } else if (ir::is_integer(input.type)) {
      const auto whole = static_cast<std::int64_t>(x * 4);
      tensor.set_double(i, static_cast<double>(input.positive ? std::abs(whole) + 1 : whole));
    } else {
      tensor.set_double(i, static_cast<double>(input.positive ? std::abs(x) + 0.1F : x));
    }
  }
  return tensor;
}

class PortableKernelsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }
  Graph g;

  // What the reference has, from native kernels alone.
  void check(const std::vector<Input>& inputs) {
    const auto inferred = ops::infer_shapes(g);
    ASSERT_TRUE(inferred.ok()) << inferred.error().message();
    const auto native = compile(native_backend(), g);
    const auto reference = compile(reference_backend(), g);
    if (native == nullptr || reference == nullptr) return;
    EXPECT_THAT(native->notes(), testing::IsEmpty());
    std::vector<Tensor> tensors;
    for (const Input& input : inputs) tensors.push_back(input_tensor(input, tensors.size() + 1));
    const auto expected = run(*reference, tensors);
    const auto actual = run(*native, tensors);
    ASSERT_EQ(expected.size(), actual.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (ir::is_floating_point(expected[i].data_type())) {
        EXPECT_LE(largest_relative_difference(expected[i], actual[i]), 2e-6) << i;
      } else {
        EXPECT_TRUE(expected[i].identical(actual[i])) << i;
      }
    }
  }

  // One node on `inputs` and, behind them, constants.
  void check_node(const char* op, const std::vector<Input>& inputs,
                  const Attributes& attributes = {}, const std::vector<Tensor>& constants = {},
                  int outputs = 1) {
    SCOPED_TRACE(op);
    g = Graph();
    std::vector<ValueId> operands;
    for (const Input& input : inputs)
      operands.push_back(g.add_input("x", {input.type, ir::make_shape(input.dims)}));
    for (const Tensor& constant : constants)
      operands.push_back(constant.defined() ? g.add_constant("c", constant) : ir::kNoValue);
    ir::Node node;
    node.op_type = op;
    node.inputs = operands;
    node.attributes = attributes;
    std::vector<ValueId> made;
    for (int i = 0; i < outputs; ++i) made.push_back(g.add_value("y"));
    node.outputs = made;
    g.add_node(std::move(node));
    g.set_outputs(made);
    check(inputs);
  }
};

constexpr DataType kNumbers[] = {
    DataType::kFloat32, DataType::kFloat64, DataType::kInt8,   DataType::kUint8, DataType::kInt16,
    DataType::kUint16,  DataType::kInt32,   DataType::kUint32, DataType::kInt64, DataType::kUint64};
constexpr DataType kFloats[] = {DataType::kFloat32, DataType::kFloat64};

Tensor integers(const Dims& values) { return Tensor::vector_int64(values); }

TEST_F(PortableKernelsTest, BinaryOperatorsOfAllTypes) {
  const std::pair<Dims, Dims> shapes[] = {
      {{2, 3, 4}, {2, 3, 4}}, {{2, 3, 4}, {3, 1}},      {{4}, {2, 3, 1}}, {{}, {5}}, {{}, {}},
      {{1, 6, 1}, {7, 1, 5}}, {{2, 3, 4, 5}, {3, 1, 1}}};
  const char* operators[] = {"Add",   "Sub",  "Mul",         "Div",     "Min",           "Max",
                             "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"};
  for (const auto& [a, b] : shapes)
    for (const char* op : operators) check_node(op, {{a}, {b, DataType::kFloat32, true}});
  // The other types with one shape each.
  std::size_t next = 0;
  for (const DataType type : kNumbers) {
    SCOPED_TRACE(ir::data_type_name(type));
    const auto& [a, b] = shapes[next++ % std::size(shapes)];
    for (const char* op : operators) check_node(op, {{a, type}, {b, type, true}});
  }
  for (const auto& [a, b] : shapes)
    for (const char* op : {"And", "Or", "Xor", "Equal"})
      check_node(op, {{a, DataType::kBool}, {b, DataType::kBool}});
}

TEST_F(PortableKernelsTest, VariadicOperators) {
  for (const char* op : {"Min", "Max"}) {
    check_node(op, {{{2, 3}}, {{3}}, {{2, 1}}, {{}}});
    check_node(op, {{{4}, DataType::kInt64}, {{3, 1}, DataType::kInt64}, {{4}, DataType::kInt64}});
  }
}

TEST_F(PortableKernelsTest, UnaryOperators) {
  for (const DataType type : kFloats) {
    SCOPED_TRACE(ir::data_type_name(type));
    for (const char* op :
         {"Abs", "Neg", "Sign", "Exp", "Erf", "Sin", "Cos", "Floor", "Ceil", "Round"})
      check_node(op, {{{3, 5, 7}, type}});
    for (const char* op : {"Sqrt", "Log", "Reciprocal"}) check_node(op, {{{3, 5, 7}, type, true}});
  }
  for (const DataType type : {DataType::kInt8, DataType::kInt32, DataType::kInt64})
    for (const char* op : {"Abs", "Neg", "Sign"}) check_node(op, {{{3, 5, 7}, type}});
  check_node("Not", {{{3, 5, 7}, DataType::kBool}});
}

TEST_F(PortableKernelsTest, Powers) {
  for (const DataType type : kFloats) {
    check_node("Pow", {{{3, 5}, type, true}, {{5}, type}});
    check_node("Pow", {{{3, 5}, type}}, {}, {Tensor::scalar(2.0F)});
    check_node("Pow", {{{3, 5}, type}}, {}, {Tensor::scalar(std::int64_t{2})});
  }
}

TEST_F(PortableKernelsTest, Selection) {
  for (const DataType type : kNumbers)
    check_node("Where", {{{3, 1}, DataType::kBool}, {{2, 1, 4}, type}, {{3, 4}, type}});
  check_node("Where", {{{4}, DataType::kBool}, {{4}, DataType::kBool}, {{}, DataType::kBool}});
}

TEST_F(PortableKernelsTest, Reductions) {
  for (const DataType type :
       {DataType::kFloat32, DataType::kFloat64, DataType::kInt32, DataType::kInt64}) {
    SCOPED_TRACE(ir::data_type_name(type));
    for (const char* op : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd",
                           "ReduceSumSquare", "ReduceL1", "ReduceL2"}) {
      const bool whole = ir::is_integer(type);
      if (whole && (std::string_view(op) == "ReduceMean" || std::string_view(op) == "ReduceL2"))
        continue;
      const Input input{{2, 3, 4, 5}, type, true};
      check_node(op, {input});
      check_node(op, {input}, {{"keepdims", std::int64_t{0}}}, {integers({1, 3})});
      if (type != DataType::kFloat32) continue;
      for (const Dims& axes : {Dims{0}, Dims{-1}, Dims{1, 2}, Dims{0, 1, 2, 3}})
        check_node(op, {input}, {}, {integers(axes)});
      check_node(op, {input}, {{"noop_with_empty_axes", std::int64_t{1}}}, {integers({})});
    }
  }
}

TEST_F(PortableKernelsTest, PlacesOfTheLargestAndTheSmallest) {
  for (const DataType type : {DataType::kFloat32, DataType::kFloat64, DataType::kInt8,
                              DataType::kUint8, DataType::kInt32, DataType::kInt64}) {
    SCOPED_TRACE(ir::data_type_name(type));
    for (const char* op : {"ArgMax", "ArgMin"}) {
      for (std::int64_t axis = -3; axis < 3; ++axis) {
        check_node(op, {{{4, 5, 6}, type}}, {{"axis", axis}});
        check_node(op, {{{4, 5, 6}, type}},
                   {{"axis", axis},
                    {"keepdims", std::int64_t{0}},
                    {"select_last_index", std::int64_t{1}}});
      }
    }
  }
}

TEST_F(PortableKernelsTest, FunctionsOfOtherTypes) {
  const Input wide{{4, 5, 6}, DataType::kFloat64};
  for (const char* op : {"Relu", "Sigmoid", "LeakyRelu", "HardSigmoid", "HardSwish", "Elu", "Selu",
                         "Gelu", "Softplus", "Softsign"})
    check_node(op, {wide});
  for (std::int64_t axis = -3; axis < 3; ++axis) {
    check_node("Softmax", {wide}, {{"axis", axis}});
    check_node("LogSoftmax", {wide}, {{"axis", axis}});
  }
  const Input row{{6}, DataType::kFloat64};
  check_node("LayerNormalization", {wide, row, row}, {{"axis", std::int64_t{-1}}});
  check_node("LayerNormalization", {wide, row}, {{"axis", std::int64_t{-1}}});
  for (const DataType type : {DataType::kInt16, DataType::kInt32, DataType::kInt64})
    check_node("Relu", {{{4, 5, 6}, type}});
  check_node("Clip", {{{4, 5}}, {{}}, {{}, DataType::kFloat32, true}});
  for (const DataType type : kNumbers) {
    if (type == DataType::kInt8 || type == DataType::kUint8) continue;
    SCOPED_TRACE(ir::data_type_name(type));
    Tensor low = Tensor::zeros(type, {});
    Tensor high = Tensor::zeros(type, {});
    low.set_double(0, 1);
    high.set_double(0, 3);
    check_node("Clip", {{{4, 5}, type}}, {}, {low, high});
    check_node("Clip", {{{4, 5}, type}}, {}, {low});
  }
}

TEST_F(PortableKernelsTest, SmallProductsOfFloat64) {
  const DataType type = DataType::kFloat64;
  check_node("MatMul", {{{4, 5}, type}, {{5, 3}, type}});
  check_node("MatMul", {{{2, 1, 4, 5}, type}, {{3, 5, 6}, type}});
  check_node("Gemm", {{{5, 4}, type}, {{3, 5}, type}, {{3}, type}},
             {{"transA", std::int64_t{1}}, {"transB", std::int64_t{1}}});
}

TEST_F(PortableKernelsTest, ReductionsOfOtherTypes) {
  for (const DataType type : {DataType::kInt8, DataType::kUint8})
    for (const char* op : {"ReduceMax", "ReduceMin"})
      check_node(op, {{{3, 4, 5}, type}}, {{"keepdims", std::int64_t{0}}}, {integers({0, 2})});
  for (const DataType type : {DataType::kUint32, DataType::kUint64})
    for (const char* op : {"ReduceSum", "ReduceProd", "ReduceSumSquare", "ReduceL1"})
      check_node(op, {{{3, 4, 5}, type}}, {{"keepdims", std::int64_t{0}}}, {integers({1})});
  check_node("ReduceMax", {{{3, 4, 5}, DataType::kUint32}});
}

TEST_F(PortableKernelsTest, SoftmaxOnAnyAxis) {
  for (const char* op : {"Softmax", "LogSoftmax"})
    for (std::int64_t axis = -3; axis < 3; ++axis) check_node(op, {{{4, 5, 6}}}, {{"axis", axis}});
}

TEST_F(PortableKernelsTest, LayerNormalization) {
  for (const std::int64_t axis : {-1, 1}) {
    const Dims row = axis == -1 ? Dims{7} : Dims{5, 7};
    check_node("LayerNormalization", {{{4, 5, 7}}, {row}, {row}}, {{"axis", axis}});
    check_node("LayerNormalization", {{{4, 5, 7}}, {row}}, {{"axis", axis}});
  }
}

TEST_F(PortableKernelsTest, NormalizationsOfChannels) {
  const ir::AttributeMap groups{{"num_groups", std::int64_t{3}}};
  for (const Dims& dims : {Dims{2, 6, 5}, Dims{2, 6, 4, 5}, Dims{1, 6, 3, 2, 4}}) {
    const Input row{{6}};
    check_node("InstanceNormalization", {{dims}, row, row});
    check_node("GroupNormalization", {{dims}, row, row}, groups);
    const Tensor known = input_tensor({{6}, DataType::kFloat64}, 7);
    check_node("InstanceNormalization", {{dims, DataType::kFloat64}}, {}, {known, known});
    check_node("GroupNormalization", {{dims, DataType::kFloat64}}, groups, {known, known});
  }
}

TEST_F(PortableKernelsTest, Slices) {
  const DataType types[] = {DataType::kFloat32, DataType::kInt8, DataType::kInt16, DataType::kInt64,
                            DataType::kBool};
  for (const DataType type : types) {
    const Input input{{5, 6, 7}, type};
    check_node("Slice", {input}, {}, {integers({1}), integers({4})});
    check_node("Slice", {input}, {}, {integers({-3, 1}), integers({100, -1}), integers({2, 0})});
    check_node("Slice", {input}, {},
               {integers({4, 5}), integers({-100, 0}), integers({0, 1}), integers({-1, -2})});
    check_node("Slice", {input}, {},
               {integers({1, 2}), integers({2, 7}), integers({1, 2}), integers({100, 3})});
  }
}

TEST_F(PortableKernelsTest, PartsAndRepetitions) {
  for (const DataType type : {DataType::kFloat32, DataType::kInt16, DataType::kBool}) {
    check_node("Split", {{{6, 4}, type}}, {}, {integers({1, 3, 2})}, 3);
    check_node("Split", {{{6, 4}, type}}, {{"axis", std::int64_t{-1}}}, {integers({2, 2})}, 2);
    check_node("Expand", {{{3, 1}, type}}, {}, {integers({2, 3, 4})});
    check_node("Expand", {{{3, 1}, type}}, {}, {integers({1})});
    check_node("Expand", {{{}, type}}, {}, {integers({})});
    check_node("Tile", {{{2, 3}, type}}, {}, {integers({2, 3})});
    check_node("Tile", {{{2, 3}, type}}, {}, {integers({1, 1})});
  }
}

TEST_F(PortableKernelsTest, Padding) {
  for (const char* mode : {"constant", "edge", "reflect"}) {
    const Attributes attributes{{"mode", std::string(mode)}};
    check_node("Pad", {{{3, 4, 5}}}, attributes, {integers({0, 1, 2, 1, 2, 3})});
    check_node("Pad", {{{3, 4}, DataType::kInt8}}, attributes, {integers({1, 0, 2, 0})});
  }
  check_node("Pad", {{{3, 4}}}, {}, {integers({1, -1, 2, -1}), Tensor::scalar(7.5F)});
  check_node("Pad", {{{3, 4}}}, {}, {integers({1, 2}), {}, integers({-1})});
}

TEST_F(PortableKernelsTest, GatheringOfBlocks) {
  for (const DataType type : {DataType::kFloat32, DataType::kInt8, DataType::kInt64}) {
    const Input table{{4, 3, 5}, type};
    check_node("Gather", {table}, {}, {integers({3, 0, -1})});
    check_node("Gather", {table}, {{"axis", std::int64_t{1}}},
               {Tensor::from_values<std::int32_t>({2, 2}, {0, 2, -3, 1})});
    check_node("Gather", {table}, {{"axis", std::int64_t{-1}}}, {Tensor::scalar(std::int64_t{2})});
  }
}

TEST_F(PortableKernelsTest, AnIndexOutOfRangeNamesTheNode) {
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{3, 2}});
  const ValueId i = g.add_input("i", {DataType::kInt64, ir::Shape{2}});
  g.set_outputs({g.add("Gather", std::array{x, i}, {}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const auto native = compile(native_backend(), g);
  ASSERT_NE(native, nullptr);
  const auto outputs = native->new_context()->run(
      std::vector{Tensor::zeros(DataType::kFloat32, {3, 2}), integers({0, 3})});
  ASSERT_FALSE(outputs.ok());
  EXPECT_THAT(outputs.error().message(), testing::HasSubstr("Gather"));
  EXPECT_THAT(outputs.error().message(), testing::HasSubstr("indices[1] is out of range"));
}

// What a fused clamp does not take from a kernel of its own is a step behind the portable one.
TEST_F(PortableKernelsTest, AClampBehindABroadcast) {
  const ValueId a = g.add_input("a", {DataType::kFloat32, ir::Shape{2, 1, 4}});
  const ValueId b = g.add_input("b", {DataType::kFloat32, ir::Shape{3, 1}});
  g.set_outputs({g.add("Relu", std::array{g.add("Add", std::array{a, b})}, {}, "y")});
  check({{{2, 1, 4}}, {{3, 1}}});
}

// LayerNormalization as exporters wrote it before opset 17, and GELU.
TEST_F(PortableKernelsTest, ATransformersArithmetic) {
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{2, 5, 16}});
  const ValueId axes = g.add_constant("axes", integers({-1}));
  const ValueId two = g.add_constant("two", Tensor::scalar(2.0F));
  const ValueId epsilon = g.add_constant("epsilon", Tensor::scalar(1e-5F));
  const ValueId mean = g.add("ReduceMean", std::array{x, axes});
  const ValueId centered = g.add("Sub", std::array{x, mean});
  const ValueId variance =
      g.add("ReduceMean", std::array{g.add("Pow", std::array{centered, two}), axes});
  const ValueId deviation = g.add("Sqrt", std::array{g.add("Add", std::array{variance, epsilon})});
  const ValueId normal = g.add("Div", std::array{centered, deviation});
  const ValueId root = g.add_constant("root", Tensor::scalar(1.41421356F));
  const ValueId one = g.add_constant("one", Tensor::scalar(1.0F));
  const ValueId half = g.add_constant("half", Tensor::scalar(0.5F));
  const ValueId erf = g.add("Erf", std::array{g.add("Div", std::array{normal, root})});
  const ValueId gate = g.add("Mul", std::array{normal, g.add("Add", std::array{erf, one})});
  g.set_outputs({g.add("Mul", std::array{gate, half}, {}, "y")});
  check({{{2, 5, 16}}});
}

}  // namespace
}  // namespace lathe::engine
