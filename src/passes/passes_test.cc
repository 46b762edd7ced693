#include "passes/passes.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "ir/graph_builder.h"
#include "ir/print.h"
#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::passes {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;
using testing::Not;

Tensor random_floats(std::initializer_list<std::int64_t> dims, std::uint64_t seed) {
  Tensor t = Tensor::zeros(DataType::kFloat32, dims);
  Random random(seed);
  for (float& v : t.mutable_data<float>()) v = random.normal();
  return t;
}

void expect_same_function(const Graph& a, const Graph& b, const Tensor& input, double tolerance) {
  const auto expected = ops::evaluate(a, std::array{input});
  const auto actual = ops::evaluate(b, std::array{input});
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  ASSERT_TRUE(actual.ok()) << actual.error().message();
  for (std::int64_t i = 0; i < (*expected)[0].num_elements(); ++i) {
    ASSERT_NEAR((*expected)[0].get_double(i), (*actual)[0].get_double(i), tolerance) << i;
  }
}

Graph simplified(const Graph& graph) {
  auto result = run_passes(graph, simplify_passes());
  EXPECT_TRUE(result.ok()) << result.error().message();
  return *result;
}

TEST(FoldBatchNormalization, LeavesOneConvolution) {
  ir::GraphBuilder b("g", 3);
  ValueId x = b.input("input", {Dim::symbol("N"), 3, 8, 8});
  x = b.relu(b.batch_norm(b.conv(x, 8, {.kernel = 3, .padding = 1, .bias = true})));
  x = b.dropout(b.flatten(b.global_average_pool(x)), 0.5F);
  Graph g = b.finish(b.linear(x, 4), "logits");
  Random random(9);
  for (const char* name : {"bn1.scale", "bn1.bias", "bn1.mean", "bn1.var"}) {
    for (float& v : g.value(*g.find_value(name)).constant->mutable_data<float>())
      v = random.uniform(0.5F, 2);
  }
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const Graph folded = simplified(g);
  EXPECT_THAT(ir::to_text(folded), Not(HasSubstr("BatchNormalization")));
  EXPECT_THAT(ir::to_text(folded), Not(HasSubstr("Dropout")));
  EXPECT_EQ(folded.node_count(), 5);
  expect_same_function(g, folded, random_floats({2, 3, 8, 8}, 1), 1e-5);
}

TEST(FoldBatchNormalization, KeepsAValueThatOthersRead) {
  ir::GraphBuilder b("g", 3);
  const ValueId conv = b.conv(b.input("input", {1, 3, 8, 8}), 4, {.kernel = 1});
  Graph g = b.finish(b.add(b.batch_norm(conv), conv), "y");
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_THAT(ir::to_text(simplified(g)), HasSubstr("BatchNormalization"));
}

TEST(RunPasses, CanBeDisabledAndReports) {
  ir::GraphBuilder b("g", 3);
  Graph g = b.finish(b.dropout(b.relu(b.input("input", {1, 3})), 0.5F), "y");
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  std::vector<PassReport> reports;
  const auto kept =
      run_passes(g, simplify_passes(), {.disabled = {"eliminate_identity"}, .reports = &reports});
  EXPECT_EQ(kept->node_count(), 2);
  EXPECT_EQ(reports.size(), simplify_passes().size() - 1);
  const Graph dropped = simplified(g);
  EXPECT_EQ(dropped.node_count(), 1);
  EXPECT_EQ(dropped.value(dropped.outputs()[0]).name, "y");
}

TEST(EliminateIdentity, KeepsOneBetweenInputAndOutput) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{1}});
  g.set_outputs({g.add("Identity", std::array{x}, {}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_EQ(simplified(g).node_count(), 1);
}

TEST(FoldConstants, DoesNotInflate) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{1, 4}});
  const ValueId two = g.add_constant("two", Tensor::scalar(2.0F));
  const ValueId four = g.add("Add", std::array{two, two});
  const ValueId big = g.add_constant("big", Tensor::zeros(DataType::kInt8, {4, 4000}));
  const ValueId scale = g.add_constant("scale", Tensor::scalar(0.5F));
  const ValueId dequantized = g.add("DequantizeLinear", std::array{big, scale});
  g.set_outputs({g.add("MatMul", std::array{g.add("Mul", std::array{x, four}), dequantized})});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const std::string text = ir::to_text(simplified(g));
  EXPECT_THAT(text, Not(HasSubstr("= Add")));
  EXPECT_THAT(text, HasSubstr("Mul(x, 4)"));
  EXPECT_THAT(text, HasSubstr("DequantizeLinear"));
}

// x -> Q -> DQ -> Conv(DQ w, b) -> activation -> Q -> DQ -> MaxPool -> Q -> DQ -> y
struct QuantizedConv {
  Graph graph;
  ValueId x, scale_x, zero_x, scale_y, zero_y;
  explicit QuantizedConv(std::int8_t y_zero, std::string_view activation,
                         float scale_of_y = 0.05F) {
    x = graph.add_input("x", {DataType::kFloat32, ir::Shape{1, 2, 4, 4}});
    scale_x = graph.add_constant("scale_x", Tensor::scalar(0.02F));
    zero_x = graph.add_constant("zero_x", Tensor::scalar<std::int8_t>(-5));
    scale_y = graph.add_constant("scale_y", Tensor::scalar(scale_of_y));
    zero_y = graph.add_constant("zero_y", Tensor::scalar<std::int8_t>(y_zero));
    Tensor w = Tensor::zeros(DataType::kInt8, {3, 2, 3, 3});
    Random random(4);
    for (std::int8_t& v : w.mutable_data<std::int8_t>())
      v = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
    const ValueId weights = graph.add(
        "DequantizeLinear",
        std::array{
            graph.add_constant("w", w),
            graph.add_constant("w_scale", Tensor::from_values<float>({3}, {0.01F, 0.02F, 0.005F}))},
        {{"axis", std::int64_t{0}}});
    const ValueId bias =
        graph.add_constant("b", Tensor::from_values<float>({3}, {0.3F, -0.2F, 0.1F}));
    ValueId v = quantize_dequantize(x, scale_x, zero_x);
    v = graph.add("Conv", std::array{v, weights, bias});
    if (activation == "Clip") {
      v = graph.add("Clip", std::array{v, graph.add_constant("lo", Tensor::scalar(0.0F)),
                                       graph.add_constant("hi", Tensor::scalar(6.0F))});
    } else if (!activation.empty()) {
      v = graph.add(activation, std::array{v});
    }
    v = quantize_dequantize(v, scale_y, zero_y);
    v = graph.add("MaxPool", std::array{v}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}});
    graph.set_outputs({quantize_dequantize(v, scale_y, zero_y)});
    EXPECT_TRUE(ops::infer_shapes(graph).ok());
  }
  ValueId quantize_dequantize(ValueId v, ValueId scale, ValueId zero) {
    return graph.add(
        "DequantizeLinear",
        std::array{graph.add("QuantizeLinear", std::array{v, scale, zero}), scale, zero});
  }
  std::string integer_text() {
    auto result = run_passes(graph, inference_passes());
    EXPECT_TRUE(result.ok()) << result.error().message();
    // One step of rounding apart at most.
    expect_same_function(graph, *result, random_floats({1, 2, 4, 4}, 8), 0.0501);
    return ir::to_text(*result);
  }
};

TEST(Integerize, ConvolutionAndMaxPool) {
  const std::string text = QuantizedConv(7, "").integer_text();
  EXPECT_THAT(text, HasSubstr("QLinearConv"));
  EXPECT_THAT(text, HasSubstr("int8[1,3,1,1] = MaxPool"));
  EXPECT_THAT(text, Not(HasSubstr(" Conv(")));
}

TEST(Integerize, ReluGoesIntoSaturationOnlyAtTheLowEnd) {
  EXPECT_THAT(QuantizedConv(-128, "Relu").integer_text(), Not(HasSubstr("Relu")));
  EXPECT_THAT(QuantizedConv(0, "Relu").integer_text(), HasSubstr("Relu"));
}

TEST(Integerize, ClipGoesIntoSaturationOnlyWhereBothEndsMeet) {
  EXPECT_THAT(QuantizedConv(-128, "Clip", 6.0F / 255).integer_text(), Not(HasSubstr("Clip")));
  EXPECT_THAT(QuantizedConv(-128, "Clip", 0.05F).integer_text(), HasSubstr("Clip"));
}

}  // namespace
}  // namespace lathe::passes
