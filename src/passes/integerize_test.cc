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
