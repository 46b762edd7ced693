// The two forms of the reference: "reference" evaluates the graph as it was read, "lowered" the one
// that the native engine gets. Their difference is what passes do.
#include "engine/reference.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"
#include "ir/graph_builder.h"
#include "ops/infer_shapes.h"
#include "passes/passes.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;

// x int8 [1,1,1,4] -> DQ -> Conv(DQ 3) -> Q: where x is 19, the sum lies so near the middle of two
// steps that rounding in float32 decides.
Graph quantized_convolution() {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kInt8, ir::Shape{1, 1, 1, 4}});
  const auto scalar = [&](float value) { return g.add_constant("scale", Tensor::scalar(value)); };
  const ValueId zero = g.add_constant("zero", Tensor::scalar(std::int8_t{0}));
  const ValueId w =
      g.add_constant("w", Tensor::from_values<std::int8_t>({1, 1, 1, 1}, {std::int8_t{3}}));
  const ValueId tenth = scalar(0.1F);
  const ValueId data = g.add("DequantizeLinear", std::array{x, tenth, zero});
  const ValueId weights = g.add("DequantizeLinear", std::array{w, tenth, zero});
  const ValueId y = g.add("Conv", std::array{data, weights}, {}, "conv");
  g.set_outputs({g.add("QuantizeLinear", std::array{y, scalar(0.02F), zero}, {}, "y")});
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

Graph normalized_convolution() {
  ir::GraphBuilder b("g", 3);
  const ValueId x = b.input("x", {1, 3, 8, 8});
  Graph g = b.finish(b.relu(b.batch_norm(b.conv(x, 8, {.kernel = 3, .bias = true}))), "y");
  randomise_normalization(g);
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

Tensor answer(const Backend& backend, const Graph& graph, const Tensor& input,
              std::vector<std::string> disabled = {}) {
  CompileOptions options{.threads = 1};
  options.disabled_passes = std::move(disabled);
  const auto executable = compile(backend, graph, options);
  return executable == nullptr ? Tensor() : run(*executable, std::array{input})[0];
}

TEST(Reference, KeepsQuantizationAsItWasRead) {
  const Graph graph = quantized_convolution();
  const Tensor input = Tensor::from_values<std::int8_t>({1, 1, 1, 4}, {0, 19, -19, 4});
  EXPECT_THAT(answer(reference_backend(), graph, input).to_int64s(),
              testing::ElementsAre(0, 28, -28, 6));
  EXPECT_THAT(answer(lowered_backend(), graph, input).to_int64s(),
              testing::ElementsAre(0, 29, -29, 6));
  EXPECT_THAT(answer(lowered_backend(), graph, input, {"integerize_convolution"}).to_int64s(),
              testing::ElementsAre(0, 28, -28, 6));
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  EXPECT_THAT(answer(native_backend(), graph, input).to_int64s(),
              testing::ElementsAre(0, 29, -29, 6));
}

TEST(Reference, EvaluatesNormalizationWhereItStands) {
  const Graph graph = normalized_convolution();
  const Tensor input = random_input({1, 3, 8, 8}, 5);
  const Tensor expected = answer(reference_backend(), graph, input);
  // What folding rounds, the reference does not.
  const Tensor folded = answer(lowered_backend(), graph, input);
  EXPECT_FALSE(folded.identical(expected));
  EXPECT_LT(largest_relative_difference(expected, folded), 1e-5);
  EXPECT_TRUE(
      answer(lowered_backend(), graph, input, {"fold_batch_normalization"}).identical(expected));
  // Whatever is disabled, it executes what was read.
  EXPECT_TRUE(
      answer(reference_backend(), graph, input, {"fold_batch_normalization"}).identical(expected));
}

// An error of one rule alone is seen: each runs without the others and is held against the graph
// as it was read.
TEST(Reference, EveryPassKeepsTheAnswer) {
  const Tensor bytes = Tensor::from_values<std::int8_t>({1, 1, 1, 4}, {0, 19, -128, 127});
  const Tensor image = random_input({1, 3, 8, 8}, 6);
  const Graph quantized = quantized_convolution();
  const Graph normalized = normalized_convolution();
  for (const passes::Rule* rule : passes::all_rules()) {
    SCOPED_TRACE(rule->name);
    std::vector<std::string> others;
    for (const passes::Rule* other : passes::all_rules()) {
      if (other != rule) others.emplace_back(other->name);
    }
    const Tensor expected = answer(reference_backend(), quantized, bytes);
    const Tensor actual = answer(lowered_backend(), quantized, bytes, others);
    for (std::int64_t i = 0; i < expected.num_elements(); ++i)
      EXPECT_LE(std::abs(expected.get_int64(i) - actual.get_int64(i)), 1);
    EXPECT_LT(largest_relative_difference(answer(reference_backend(), normalized, image),
                                          answer(lowered_backend(), normalized, image, others)),
              1e-5);
  }
}

TEST(Reference, PassesThatDoNotExistAreNamed) {
  CompileOptions options{.threads = 1};
  options.disabled_passes = {"fold_batch_normalisation"};
  const auto compiled = lowered_backend().compile(normalized_convolution(), options);
  ASSERT_FALSE(compiled.ok());
  EXPECT_THAT(compiled.error().message(), HasSubstr("there is no pass 'fold_batch_normalisation'"));
}

}  // namespace
}  // namespace lathe::engine
