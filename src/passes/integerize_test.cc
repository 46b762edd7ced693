// Each form in which quantized layers come becomes integer operators that answer as the float graph
// does, within a step.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"
#include "ops/fused.h"
#include "passes/passes.h"
#include "passes/quantized_forms.h"

namespace lathe::passes {
namespace {

using namespace forms;

// All operators, those inside fused nodes too.
std::vector<std::string> operators(const Graph& graph) {
  std::vector<std::string> names;
  for (const ir::NodeId id : graph.node_ids()) {
    const auto parts = ops::unfuse(graph.node(id));
    names.push_back(parts ? parts->main.op_type : "a body of another form");
  }
  return names;
}

void check(const Form& form) {
  SCOPED_TRACE(name_of(form));
  const Graph graph = FormGraph(form).build();
  const auto integer = run_phases(graph, inference_pipeline());
  ASSERT_TRUE(integer.ok()) << integer.error().message();
  const bool gemm = form.layer == Layer::kGemm || form.layer == Layer::kTransposedGemm;
  const char* expected = form.layer == Layer::kConv ? "QLinearConv"
                         : gemm                     ? "QGemm"
                                                    : "QLinearMatMul";
  // Weights whose differences from their zero points take 9 bits read the input twice.
  std::vector<std::string> names = operators(*integer);
  std::erase(names, "Concat");
  EXPECT_THAT(names, testing::ElementsAre("QuantizeLinear", expected, "DequantizeLinear"));

  Tensor x = Tensor::zeros(DataType::kFloat32,
                           *ir::known_dims(*graph.tensor_type(graph.inputs()[0]).shape));
  Random random(5);
  for (float& v : x.mutable_data<float>()) v = random.uniform(-2.5F, 2.5F);
  const auto before = ops::evaluate(graph, std::array{x});
  const auto after = ops::evaluate(*integer, std::array{x});
  ASSERT_TRUE(before.ok() && after.ok());
  int different = 0;
  for (std::int64_t i = 0; i < (*before)[0].num_elements(); ++i) {
    const double apart = std::abs((*before)[0].get_double(i) - (*after)[0].get_double(i));
    EXPECT_LE(apart, 1.001 * kStep) << i;
    different += apart > 0.5 * kStep ? 1 : 0;
  }
  EXPECT_LE(different, 2);  // ties alone
}

TEST(Integerize, EveryFormOfALayer) {
  for (const Form& form : all_forms()) check(form);
}

// Weights of uint8 come to kernels as int8 less 128 each, which is the same number.
// What an exporter clips to the end of an int32 would wrap around with the first sum.
TEST(Integerize, LeavesABiasFloatThatLeavesSumsNoRoom) {
  Graph g;
  const auto number = [&](float value) { return g.add_constant("scale", Tensor::scalar(value)); };
  const auto quantized = [&](ValueId x, float scale) {
    const ValueId zero = g.add_constant("zero", Tensor::zeros(DataType::kInt8, {}));
    const ValueId q = g.add("QuantizeLinear", std::array{x, number(scale), zero});
    return g.add("DequantizeLinear", std::array{q, number(scale), zero});
  };
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{1, 1, 1, 2}});
  Tensor weights = Tensor::zeros(DataType::kInt8, {1, 1, 1, 1});
  weights.set_double(0, 100);
  const ValueId w =
      g.add("DequantizeLinear", std::array{g.add_constant("w", weights), number(0x1p-30F)});
  const ValueId b =
      g.add("DequantizeLinear",
            std::array{g.add_constant("b", Tensor::from_values<std::int32_t>({1}, {INT32_MAX})),
                       g.add_constant("s", Tensor::from_values<float>({1}, {0x1p-35F}))});
  const ValueId conv = g.add("Conv", std::array{quantized(x, 0x1p-5F), w, b});
  g.set_outputs({quantized(conv, 0x1p-10F)});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const auto integer = run_phases(g, inference_pipeline());
  ASSERT_TRUE(integer.ok()) << integer.error().message();
  const std::array input{Tensor::from_values<float>({1, 1, 1, 2}, {1, -1})};
  EXPECT_TRUE(ops::evaluate(g, input)->at(0).identical(ops::evaluate(*integer, input)->at(0)));
}

// A scale of one element is a scalar or a vector of one.
TEST(Integerize, TakesScalesOfOneElementWithZeroPointsOfNoAxis) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{2, 3}});
  const auto scale = [&](float value) {
    return g.add_constant("scale", Tensor::from_values<float>({1}, {value}));
  };
  const ValueId q = g.add("QuantizeLinear", std::array{x, scale(0.5F)});
  const ValueId moved =
      g.add("Flatten", std::array{g.add("DequantizeLinear", std::array{q, scale(0.5F)})});
  const ValueId again = g.add("QuantizeLinear", std::array{moved, scale(0.25F)});
  g.set_outputs({g.add("DequantizeLinear", std::array{again, scale(0.25F)})});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const auto integer = run_phases(g, inference_pipeline());
  ASSERT_TRUE(integer.ok()) << integer.error().message();
  const std::array input{Tensor::from_values<float>({2, 3}, {0, 1, 2, 3, 4, 5})};
  EXPECT_TRUE(ops::evaluate(g, input)->at(0).identical(ops::evaluate(*integer, input)->at(0)));
}

TEST(Integerize, MakesUnsignedWeightsSigned) {
  const auto integer =
      run_phases(FormGraph({.weights = Weights::kUint8Middle}).build(), inference_pipeline());
  ASSERT_TRUE(integer.ok());
  for (const ir::NodeId id : integer->node_ids()) {
    const ir::Node& node = integer->node(id);
    if (!node.is("QLinearConv")) continue;
    EXPECT_EQ(integer->tensor_type(node.input(3)).data_type, DataType::kInt8);
    EXPECT_EQ(integer->constant(node.input(5))->get_int64(0), 0);
  }
}

// Without steps behind it a convolution gives float32.
TEST(Integerize, AConvolutionMayGiveFloats) {
  Graph g = FormGraph(Form{}).build();
  for (const ir::NodeId id : g.node_ids()) {
    if (g.node(id).is("Conv")) g.set_outputs({g.node(id).output()});
  }
  const auto result = run_phases(g, inference_pipeline());
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(operators(*result), testing::ElementsAre("QuantizeLinear", "QConv"));
}

// What has no integer form is computed in float32 with weights that are dequantized once.
TEST(Integerize, DequantizesWeightsOfOtherLayersOnce) {
  Graph g = FormGraph(Form{}).build();
  for (const ir::NodeId id : g.node_ids()) {
    if (!g.node(id).is("Conv")) continue;
    g.set_input(id, 0, g.inputs()[0]);
    g.set_outputs({g.node(id).output()});
  }
  const auto result = run_phases(g, inference_pipeline());
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(operators(*result), testing::ElementsAre("Conv"));
}

}  // namespace
}  // namespace lathe::passes
