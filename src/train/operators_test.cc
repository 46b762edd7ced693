// Every operator that can be trained computes what the reference evaluator does.
#include <cmath>
#include <functional>
#include <set>

#include "ops/evaluate.h"
#include "train/test_support.h"
#include "train/train.h"

namespace lathe::train {
namespace {

using ir::AttributeMap;
using ir::Tensor;
using Ints = std::vector<std::int64_t>;

// One node over inputs of these extents and these constants.
struct OperatorCase {
  std::string name;
  std::string op_type;
  std::vector<Ints> inputs;
  std::vector<Tensor> constants = {};  // undefined: an absent input
  AttributeMap attributes = {};
};

void PrintTo(const OperatorCase& test, std::ostream* out) { *out << test.name; }

Tensor ints(const Ints& values) { return Tensor::vector_int64(values); }
Tensor positive(std::vector<std::int64_t> dims, std::uint64_t seed) {
  return random_tensor(std::move(dims), seed, 0.5F, 1.5F);
}

std::vector<OperatorCase> cases() {
  const Ints image = {2, 4, 7, 9};
  const auto weight = [](Ints dims) { return random_tensor(std::move(dims), 7); };
  const auto one = std::int64_t{1};
  return {
      {"add", "Add", {image, image}},
      {"add_broadcast", "Add", {image, {4, 1, 1}}},
      {"sub", "Sub", {image, {1}}},
      {"mul", "Mul", {{2, 3}, {3}}},
      {"div", "Div", {{2, 3}}, {positive({2, 3}, 1)}},
      {"batch_normalization",
       "BatchNormalization",
       {image},
       {weight({4}), weight({4}), weight({4}), positive({4}, 2)},
       {{"epsilon", 0.01F}}},
      {"clip", "Clip", {image}, {Tensor::scalar(-0.5F), Tensor::scalar(0.25F)}},
      {"clip_above", "Clip", {image}, {Tensor(), Tensor::scalar(0.25F)}},
      {"clip_below", "Clip", {image}, {Tensor::scalar(0.1F)}},
      {"clip_crossed", "Clip", {image}, {Tensor::scalar(0.5F), Tensor::scalar(-0.5F)}},
      {"concat", "Concat", {{2, 3, 4}, {2, 1, 4}}, {}, {{"axis", one}}},
      {"conv", "Conv", {image}, {weight({5, 4, 3, 3}), weight({5})}, {}},
      {"conv_no_bias", "Conv", {image}, {weight({5, 4, 1, 1})}, {{"strides", Ints{2, 2}}}},
      {"conv_groups",
       "Conv",
       {image},
       {weight({6, 2, 3, 3})},
       {{"group", std::int64_t{2}}, {"dilations", Ints{2, 1}}, {"pads", Ints{1, 1, 1, 1}}}},
      {"conv_asymmetric",
       "Conv",
       {image},
       {weight({4, 1, 3, 2})},
       {{"group", std::int64_t{4}}, {"pads", Ints{0, 1, 2, 0}}, {"strides", Ints{2, 1}}}},
      {"conv_same_upper",
       "Conv",
       {image},
       {weight({3, 4, 4, 2})},
       {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Ints{2, 2}}}},
      {"conv_same_lower",
       "Conv",
       {image},
       {weight({3, 4, 2, 4})},
       {{"auto_pad", std::string("SAME_LOWER")}}},
      {"conv_1d", "Conv", {{2, 4, 11}}, {weight({5, 4, 3})}, {{"pads", Ints{1, 0}}}},
      {"conv_3d", "Conv", {{1, 2, 4, 5, 3}}, {weight({3, 2, 2, 3, 1})}},
      {"dropout", "Dropout", {image}, {Tensor::scalar(0.5F)}},
      {"flatten", "Flatten", {image}},
      {"flatten_last", "Flatten", {image}, {}, {{"axis", std::int64_t{-1}}}},
      {"flatten_all", "Flatten", {image}, {}, {{"axis", std::int64_t{0}}}},
      {"gemm", "Gemm", {{3, 4}}, {weight({5, 4}), weight({5})}, {{"transB", one}}},
      {"gemm_scaled",
       "Gemm",
       {{4, 3}},
       {weight({4, 5}), weight({1, 5})},
       {{"transA", one}, {"alpha", 0.5F}, {"beta", 2.0F}}},
      {"gemm_no_bias", "Gemm", {{3, 4}}, {weight({4, 5})}},
      {"gemm_scalar_bias", "Gemm", {{3, 4}}, {weight({4, 5}), Tensor::scalar(0.5F)}},
      {"global_average_pool", "GlobalAveragePool", {image}},
      {"global_max_pool", "GlobalMaxPool", {image}},
      {"hard_sigmoid", "HardSigmoid", {image}, {}, {{"alpha", 1.5F}, {"beta", 0.25F}}},
      {"hard_swish", "HardSwish", {image}},
      {"identity", "Identity", {image}},
      {"leaky_relu", "LeakyRelu", {image}, {}, {{"alpha", 0.2F}}},
      {"log_softmax", "LogSoftmax", {{3, 5}}},
      {"softmax", "Softmax", {image}, {}, {{"axis", one}}},
      {"mat_mul", "MatMul", {{3, 4}}, {weight({4, 2})}},
      {"mat_mul_batched", "MatMul", {{2, 3, 4}, {4, 5}}},
      {"max_pool", "MaxPool", {image}, {}, {{"kernel_shape", Ints{2, 3}}}},
      {"max_pool_padded",
       "MaxPool",
       {image},
       {},
       {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}}},
      {"max_pool_asymmetric",
       "MaxPool",
       {image},
       {},
       {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{0, 1, 2, 0}}}},
      {"max_pool_ceil",
       "MaxPool",
       {image},
       {},
       {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"ceil_mode", one}}},
      {"max_pool_dilated",
       "MaxPool",
       {image},
       {},
       {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{2, 3}}}},
      {"max_pool_1d", "MaxPool", {{2, 3, 9}}, {}, {{"kernel_shape", Ints{3}}}},
      {"average_pool",
       "AveragePool",
       {image},
       {},
       {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}}},
      {"average_pool_counting",
       "AveragePool",
       {image},
       {},
       {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}, {"count_include_pad", one}}},
      {"average_pool_asymmetric",
       "AveragePool",
       {image},
       {},
       {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{0, 1, 2, 0}}}},
      {"average_pool_asymmetric_counting",
       "AveragePool",
       {image},
       {},
       {{"kernel_shape", Ints{3, 3}},
        {"strides", Ints{2, 2}},
        {"pads", Ints{0, 1, 2, 0}},
        {"count_include_pad", one}}},
      {"average_pool_ceil",
       "AveragePool",
       {image},
       {},
       {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"ceil_mode", one}}},
      {"average_pool_ceil_counting",
       "AveragePool",
       {image},
       {},
       {{"kernel_shape", Ints{3, 3}},
        {"strides", Ints{3, 3}},
        {"pads", Ints{1, 0, 0, 1}},
        {"ceil_mode", one},
        {"count_include_pad", one}}},
      {"average_pool_same",
       "AveragePool",
       {image},
       {},
       {{"kernel_shape", Ints{2, 2}}, {"auto_pad", std::string("SAME_UPPER")}}},
      {"pad", "Pad", {image}, {ints({0, 0, 1, 2, 0, 0, 3, 0}), Tensor::scalar(0.5F)}},
      {"pad_axes", "Pad", {image}, {ints({1, -2}), Tensor(), ints({-1})}},
      {"pad_reflect",
       "Pad",
       {image},
       {ints({0, 0, 2, 1, 0, 0, 0, 3})},
       {{"mode", std::string("reflect")}}},
      {"pad_edge",
       "Pad",
       {image},
       {ints({2, 0, 0, 1, 0, 0, 4, 0})},
       {{"mode", std::string("edge")}}},
      {"reduce_mean", "ReduceMean", {image}, {ints({2, -1})}},
      {"reduce_mean_drop", "ReduceMean", {image}, {ints({1})}, {{"keepdims", std::int64_t{0}}}},
      {"reduce_mean_all", "ReduceMean", {image}},
      {"reduce_mean_none", "ReduceMean", {image}, {}, {{"noop_with_empty_axes", one}}},
      {"relu", "Relu", {image}},
      {"reshape", "Reshape", {image}, {ints({0, -1, 3})}},
      {"sigmoid", "Sigmoid", {image}},
      {"squeeze", "Squeeze", {{2, 1, 3, 1}}, {ints({-1})}},
      {"squeeze_all", "Squeeze", {{2, 1, 3, 1}}},
      {"tanh", "Tanh", {image}},
      {"transpose", "Transpose", {image}, {}, {{"perm", Ints{0, 2, 3, 1}}}},
      {"transpose_reverse", "Transpose", {{2, 3, 4}}},
      {"unsqueeze", "Unsqueeze", {{2, 3}}, {ints({-1, 0})}},
  };
}

class Operators : public testing::TestWithParam<OperatorCase> {};

// The absolute part of the tolerance is for sums that cancel.
void expect_close(const Tensor& actual, const Tensor& expected) {
  ASSERT_EQ(actual.dims(), expected.dims());
  const auto a = actual.data<float>();
  const auto e = expected.data<float>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_NEAR(a[i], e[i], 1e-5 + 1e-4 * std::abs(e[i])) << "element " << i;
  }
}

TEST_P(Operators, AgreesWithTheReferenceEvaluator) {
  LATHE_NEED_BACKEND();
  const OperatorCase& test = GetParam();
  ir::Graph graph;
  std::vector<ir::ValueId> operands;
  std::vector<Tensor> inputs;
  for (const Ints& dims : test.inputs) {
    operands.push_back(graph.add_input("x", {ir::DataType::kFloat32, ir::make_shape(dims)}));
    inputs.push_back(random_tensor(dims, inputs.size() + 10));
  }
  for (const Tensor& constant : test.constants) {
    operands.push_back(constant.defined() ? graph.add_constant("c", constant) : ir::kNoValue);
  }
  graph.set_outputs({graph.add(test.op_type, operands, test.attributes, "y")});

  const auto expected = ops::evaluate(graph, inputs);
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  const auto actual = forward(graph, inputs);
  ASSERT_TRUE(actual.ok()) << actual.error().message();
  expect_close(actual->at(0), expected->at(0));
}

INSTANTIATE_TEST_SUITE_P(All, Operators, testing::ValuesIn(cases()),
                         [](const auto& instance) { return instance.param.name; });

TEST(OperatorCases, CoverEveryOperator) {
  std::set<std::string> covered;
  for (const OperatorCase& test : cases()) covered.insert(test.op_type);
  const std::set<std::string> known = {
#define LATHE_TRAIN_OP(name) #name,
#include "train/torch/train_ops.inc"
#undef LATHE_TRAIN_OP
  };
  EXPECT_EQ(covered, known);
}

TEST(Forward, AgreesWithTheReferenceEvaluatorOnAWholeNetwork) {
  LATHE_NEED_BACKEND();
  const ir::Graph graph = small_cnn(3);
  const std::vector<Tensor> inputs = {random_tensor({3, 1, 8, 8}, 5)};
  const auto expected = ops::evaluate(graph, inputs);
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  const auto actual = forward(graph, inputs);
  ASSERT_TRUE(actual.ok()) << actual.error().message();
  expect_close(actual->at(0), expected->at(0));
}

TEST(Forward, LeavesItsInputsAlone) {
  LATHE_NEED_BACKEND();
  ir::Graph graph;
  const auto x = graph.add_input("x", {ir::DataType::kFloat32, ir::make_shape(Ints{4})});
  graph.set_outputs({graph.add("Relu", std::vector{x}), graph.add("Add", std::vector{x, x})});
  const Tensor input = Tensor::from_values<float>({4}, {-1, 2, -3, 4});
  const auto outputs = forward(graph, std::vector{input});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_EQ(input.to_floats(), (std::vector<float>{-1, 2, -3, 4}));
  EXPECT_EQ(outputs->at(0).to_floats(), (std::vector<float>{0, 2, 0, 4}));
  EXPECT_EQ(outputs->at(1).to_floats(), (std::vector<float>{-2, 4, -6, 8}));
}

TEST(Forward, NamesTheNodeThatCannotBeTrained) {
  LATHE_NEED_BACKEND();
  ir::Graph graph;
  const auto x = graph.add_input("x", {ir::DataType::kFloat32, ir::make_shape(Ints{4})});
  const auto scale = graph.add_constant("scale", Tensor::scalar(0.1F));
  ir::Node node{.name = "q1",
                .domain = "",
                .op_type = "QuantizeLinear",
                .inputs = {x, scale},
                .outputs = {graph.add_value("y")},
                .attributes = {}};
  const ir::ValueId y = node.outputs[0];
  graph.add_node(std::move(node));
  graph.set_outputs({y});
  const auto outputs = forward(graph, std::vector{random_tensor({4}, 1)});
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(outputs.error().message(), "node q1 (QuantizeLinear): this operator cannot be trained");
}

TEST(Forward, RefusesAWrongNumberOfInputs) {
  LATHE_NEED_BACKEND();
  const auto outputs = forward(small_mlp(1), {});
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.error().message(), "the graph has 1 inputs, 0 were given");
}

TEST(Forward, NamesTheNodeWhoseShapesDoNotFit) {
  LATHE_NEED_BACKEND();
  const auto outputs = forward(small_mlp(1), std::vector{random_tensor({2, 5}, 1)});
  ASSERT_FALSE(outputs.ok());
  EXPECT_NE(outputs.error().message().find("linear1"), std::string::npos)
      << outputs.error().message();
}

}  // namespace
}  // namespace lathe::train
