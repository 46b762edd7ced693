#include "measure/compare_backends.h"

#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/infer_shapes.h"

namespace lathe::measure {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;

TEST(TensorDifferenceTest, MeasuresAgainstTheLargestMagnitude) {
  TensorDifference d;
  ASSERT_TRUE(d.add(Tensor::from_values<float>({2, 2}, {1, -4, 0, 2}),
                    Tensor::from_values<float>({2, 2}, {1, -4, 0.5F, 2}))
                  .ok());
  EXPECT_DOUBLE_EQ(d.max_absolute(), 0.5);
  EXPECT_DOUBLE_EQ(d.max_relative(), 0.125);
  EXPECT_DOUBLE_EQ(d.top1_agreement(), 1);
  ASSERT_TRUE(d.add(Tensor::from_values<float>({1, 2}, {0, 0.1F}),
                    Tensor::from_values<float>({1, 2}, {0.1F, 0}))
                  .ok());
  EXPECT_DOUBLE_EQ(d.top1_agreement(), 2.0 / 3);
  EXPECT_EQ(d.elements(), 6);
}

TEST(TensorDifferenceTest, RowsOfPaddingDoNotCount) {
  TensorDifference d;
  ASSERT_TRUE(d.add(Tensor::from_values<float>({2, 2}, {1, 2, 3, 4}),
                    Tensor::from_values<float>({2, 2}, {1, 2, 9, 9}), 1)
                  .ok());
  EXPECT_EQ(d.max_absolute(), 0);
  EXPECT_EQ(d.top1_rows(), 1);
}

TEST(TensorDifferenceTest, NotANumberIsFarFromANumber) {
  const Tensor number = Tensor::from_values<float>({1}, {1});
  const Tensor none = Tensor::from_values<float>({1}, {NAN});
  const Tensor infinite = Tensor::from_values<float>({1}, {INFINITY});
  for (const auto& [a, b] : {std::pair(number, none), std::pair(none, number),
                             std::pair(infinite, number), std::pair(number, infinite)}) {
    TensorDifference d;
    ASSERT_TRUE(d.add(a, b).ok());
    EXPECT_TRUE(std::isinf(d.max_absolute()));
  }
  TensorDifference same;
  ASSERT_TRUE(same.add(none, none).ok());
  ASSERT_TRUE(same.add(infinite, infinite).ok());
  EXPECT_EQ(same.max_relative(), 0);
  EXPECT_THAT(same.add(number, Tensor::from_values<float>({2}, {1, 2})).error().message(),
              HasSubstr("is float32[2], expected float32[1]"));
}

// x -> Relu -> r -> Mul by 2 -> y
Graph small_graph() {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 3}});
  const ValueId r = g.add("Relu", std::array{x}, {}, "r");
  const ValueId two = g.add_constant("two", Tensor::scalar(2.0F));
  g.set_outputs({g.add("Mul", std::array{r, two}, {}, "y")});
  LATHE_CHECK(ops::infer_shapes(g).ok());
  return g;
}

InputSource repeat(int times, const Tensor& input) {
  return [times, input, done = 0]() mutable -> Result<std::optional<InputBatch>> {
    if (done++ == times) return std::optional<InputBatch>{};
    return std::optional(InputBatch{{input}, 1});
  };
}

const Tensor kInput = Tensor::from_values<float>({2, 3}, {1, -2, 3, 0, 0, 0});

TEST(CompareBackendsTest, BackendsThatAgree) {
  CompareOptions options{.backends = {"native", "reference"}, .compile = {.batch = 2}};
  options.inner_nodes = true;
  const auto result = compare_backends(small_graph(), repeat(5, kInput), options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->batches, 5);
  EXPECT_EQ(result->rows, 5);
  for (const BackendComparison& comparison : result->backends) {
    EXPECT_FALSE(comparison.failure);
    ASSERT_EQ(comparison.outputs.size(), 1);
    EXPECT_EQ(comparison.outputs[0].name, "y");
    EXPECT_EQ(comparison.outputs[0].difference.elements(), 15);
    EXPECT_EQ(comparison.outputs[0].difference.max_absolute(), 0);
    ASSERT_EQ(comparison.nodes.size(), 2);
    EXPECT_EQ(comparison.nodes[0].name, "r");
    EXPECT_THAT(comparison.nodes[0].node, HasSubstr("(Relu)"));
    EXPECT_EQ(comparison.first_beyond(1e-4), nullptr);
  }
}

TEST(CompareBackendsTest, NamesTheFirstNodeBeyondTheTolerance) {
  BackendComparison comparison;
  for (const char* name : {"a", "b", "c"}) {
    ValueDifference& node = comparison.nodes.emplace_back();
    node.name = name;
    const float off = std::string(name) == "a" ? 1e-6F : 1e-2F;
    ASSERT_TRUE(
        node.difference
            .add(Tensor::from_values<float>({1}, {1}), Tensor::from_values<float>({1}, {1 + off}))
            .ok());
  }
  ASSERT_NE(comparison.first_beyond(1e-4), nullptr);
  EXPECT_EQ(comparison.first_beyond(1e-4)->name, "b");
  EXPECT_EQ(comparison.first_beyond(0.1), nullptr);
}

TEST(CompareBackendsTest, OneStepOfAnIntegerAgrees) {
  ValueDifference value{"q", "q (QuantizeLinear)", true, {}};
  ASSERT_TRUE(value.difference
                  .add(Tensor::from_values<std::int8_t>({2}, {3, 4}),
                       Tensor::from_values<std::int8_t>({2}, {4, 4}))
                  .ok());
  EXPECT_TRUE(value.agrees({}));
  ASSERT_TRUE(value.difference
                  .add(Tensor::from_values<std::int8_t>({1}, {3}),
                       Tensor::from_values<std::int8_t>({1}, {5}))
                  .ok());
  EXPECT_FALSE(value.agrees({}));
}

TEST(CompareBackendsTest, OneRuleHoldsForOutputsOfFloatAndOfQuantizedModels) {
  ValueDifference output{"y", "fc (Gemm)", false, {}};
  ASSERT_TRUE(output.difference
                  .add(Tensor::from_values<float>({2, 2}, {0, 1, 1, 0}),
                       Tensor::from_values<float>({2, 2}, {0, 1.1F, 0.9F, 0}))
                  .ok());
  EXPECT_TRUE(output.agrees({.tolerance = 0.2}));
  EXPECT_FALSE(output.agrees({.tolerance = 1e-4}));
  EXPECT_TRUE(output.agrees({.tolerance = 1e-4, .same_class = 1})) << "the classes are the same";
  ASSERT_TRUE(output.difference
                  .add(Tensor::from_values<float>({1, 2}, {0, 1}),
                       Tensor::from_values<float>({1, 2}, {1, 0}))
                  .ok());
  EXPECT_FALSE(output.agrees({.tolerance = 1e-4, .same_class = 0.9}));
  EXPECT_TRUE(output.agrees({.tolerance = 1e-4, .same_class = 0.6}));
  EXPECT_EQ(agreement_rule(small_graph(), 1e-3, 0.9).same_class, 0) << "is not quantized";
}

TEST(CompareBackendsTest, AStopKeepsWhatWasCompared) {
  CompareOptions options{.backends = {"native"}, .compile = {.threads = 1, .batch = 2}};
  std::int64_t rows_told = 0;
  options.on_progress = [&](std::int64_t rows) { rows_told = rows; };
  options.stop_requested = [&] { return rows_told >= 2; };
  options.inner_nodes = true;
  const auto result = compare_backends(small_graph(), repeat(1000, kInput), options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_TRUE(result->interrupted);
  EXPECT_EQ(result->rows, rows_told);
  EXPECT_GE(result->rows, 2);
  EXPECT_LT(result->rows, 1000);
  EXPECT_EQ(result->backends[0].outputs[0].difference.elements(), 3 * result->rows);
  EXPECT_TRUE(result->backends[0].nodes.empty());

  options.stop_requested = [] { return true; };
  EXPECT_EQ(compare_backends(small_graph(), repeat(5, kInput), options)->rows, 0);
}

TEST(CompareBackendsTest, ValuesInsideQuantizedLayersStayInside) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{1, 4}});
  const ValueId scale = g.add_constant("scale", Tensor::scalar(0.1F));
  const ValueId zero = g.add_constant("zero", Tensor::scalar<std::int8_t>(0));
  const ValueId q = g.add("QuantizeLinear", std::array{x, scale, zero}, {}, "q");
  const ValueId d = g.add("DequantizeLinear", std::array{q, scale, zero}, {}, "d");
  const ValueId r = g.add("Relu", std::array{d}, {}, "r");
  const ValueId t = g.add("Tanh", std::array{r}, {}, "t");
  const ValueId p = g.add("QuantizeLinear", std::array{t, scale, zero}, {}, "p");
  g.set_outputs({g.add("DequantizeLinear", std::array{p, scale, zero}, {}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  std::vector<std::string> names;
  for (const ValueId id : comparable_values(g)) names.push_back(g.value(id).name);
  EXPECT_THAT(names, testing::ElementsAre("q", "p", "y"));
}

TEST(CompareBackendsTest, NodesAreComparedAllOrNone) {
  Graph g;
  const ValueId words = g.add_input("words", {DataType::kString, ir::Shape{2}});
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{2, 3}});
  g.add("Identity", std::array{words}, {}, "same_words");  // which cannot be compared
  g.set_outputs({g.add("Relu", std::array{x}, {}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const InputSource source = [&, done = false]() mutable -> Result<std::optional<InputBatch>> {
    if (std::exchange(done, true)) return std::optional<InputBatch>{};
    return std::optional(InputBatch{{Tensor::zeros(DataType::kString, {2}), kInput}, -1});
  };
  CompareOptions options{.backends = {"reference"}};
  options.inner_nodes = true;
  const auto result = compare_backends(g, source, options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  const BackendComparison& comparison = result->backends[0];
  EXPECT_FALSE(comparison.failure);
  ASSERT_TRUE(comparison.nodes_failure);
  EXPECT_THAT(comparison.nodes_failure->message(), HasSubstr("holds strings"));
  EXPECT_TRUE(comparison.nodes.empty());
}

TEST(CompareBackendsTest, FailuresAreToldInTheirPlace) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{2, 3}});
  const ValueId y = g.add("Relu", std::array{x}, {}, "y");
  g.set_outputs({y});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  CompareOptions options{.backends = {"native"}, .compile = {.threads = 1}};
  options.compile.precision = engine::Precision::kFloat16;
  const auto result = compare_backends(g, repeat(1, kInput), options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  ASSERT_TRUE(result->backends[0].failure);
  EXPECT_THAT(result->backends[0].failure->message(), HasSubstr("f16 was asked for"));

  options = {.backends = {"magic"}};
  EXPECT_THAT(compare_backends(g, repeat(1, kInput), options).error().message(),
              HasSubstr("unknown backend 'magic'"));
  options = {.backends = {"native"}};
  EXPECT_THAT(compare_backends(g, repeat(0, kInput), options).error().message(),
              HasSubstr("no input"));
  EXPECT_THAT(compare_backends(g, repeat(1, Tensor::scalar(1.0F)), options).error().message(),
              HasSubstr("input 'x' is float32[]"));
}

}  // namespace
}  // namespace lathe::measure
