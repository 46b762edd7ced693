// Convolutional parts in strips of rows: the same answers in less memory.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/check_plan.h"
#include "engine/native.h"
#include "engine/plan.h"
#include "engine/reference.h"
#include "engine/test_models.h"
#include "ir/graph_builder.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::Graph;
using ir::Tensor;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

class StripsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }

  static std::shared_ptr<const Executable> compile(const Graph& graph, std::int64_t rows) {
    auto executable = native_backend().compile(graph, {.threads = 2, .tile_rows = rows});
    EXPECT_TRUE(executable.ok()) << executable.error().message();
    return executable.ok() ? *executable : nullptr;
  }

  static std::vector<Tensor> run(const Executable& executable, const Tensor& input) {
    auto outputs = executable.new_context()->run({&input, 1});
    EXPECT_TRUE(outputs.ok()) << outputs.error().message();
    return outputs.ok() ? *outputs : std::vector<Tensor>{};
  }

  // Gives what strips of so many rows take, as a share of what the whole takes.
  static double check(const Graph& graph, std::int64_t rows, bool exact = false) {
    const auto whole = compile(graph, 0);
    const auto strips = compile(graph, rows);
    if (whole == nullptr || strips == nullptr) return 1;
    const Tensor input = random_input(*ir::known_dims(*whole->inputs()[0].type.shape), 3);
    const std::vector<Tensor> expected = run(*whole, input);
    const std::vector<Tensor> actual = run(*strips, input);
    EXPECT_EQ(expected.size(), actual.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      // Kernels sum what few rows are left of a tile in another order.
      EXPECT_LT(largest_relative_difference(expected[i], actual[i]), exact ? 1e-30 : 1e-5) << i;
    const Plan* plan = plan_of(*strips);
    EXPECT_TRUE(check_plan(*plan).ok());
    for (const Step& step : plan->steps) EXPECT_FALSE(is_slow(step)) << step.name;
    // Packed once, if perhaps for kernels that take more memory.
    EXPECT_LT(strips->weight_bytes() - plan->constant_bytes,
              (whole->weight_bytes() - plan_of(*whole)->constant_bytes) * 2);
    return static_cast<double>(strips->arena_bytes()) / static_cast<double>(whole->arena_bytes());
  }
};

// Windows of several reaches, a residual, branches that are joined, and what follows.
Graph tall_network(std::int64_t height) {
  ir::GraphBuilder b("net", 4);
  ir::ValueId x = b.input("x", {1, 3, height, 24});
  x = b.relu(b.conv(x, 16, {.kernel = 5, .padding = 2, .bias = true}));
  const ir::ValueId before = x;
  x = b.conv(x, 16, {.kernel = 3, .padding = 1, .groups = 16});
  x = b.relu6(b.add(b.conv(x, 16, {.kernel = 1}), before));
  x = b.max_pool(x, 3, 2, 1);
  x = b.relu(b.conv(x, 24, {.kernel = 3, .stride = 2, .padding = 1}));
  x = b.average_pool(x, 2, 2);
  return b.finish(b.linear(b.flatten(b.global_average_pool(x)), 5), "y");
}

TEST_F(StripsTest, AnswerAsTheWholeInLessMemory) {
  for (const std::int64_t height : {256, 250, 131}) {
    for (const std::int64_t rows : {16, 33, 100}) {
      SCOPED_TRACE(fmt::format("{} rows in strips of {}", height, rows));
      Graph graph = tall_network(height);
      ASSERT_TRUE(ops::infer_shapes(graph).ok());
      EXPECT_LT(check(graph, rows), rows < 100 ? 0.6 : 1.0);
    }
  }
}

TEST_F(StripsTest, RealNetworksToo) {
  EXPECT_LT(check(test_network("mobilenet_v2", {.height = 320, .width = 64}), 64), 0.7);
  EXPECT_LT(check(test_network("resnet8", {.height = 320, .width = 64}), 32), 0.8);
}

TEST_F(StripsTest, OutputsInTheMiddleAndOfSeveralHeights) {
  ir::GraphBuilder b("net", 4);
  const ir::ValueId x = b.input("x", {2, 3, 120, 16});
  const ir::ValueId fine = b.relu(b.conv(x, 8, {.kernel = 3, .padding = 1}));
  const ir::ValueId wide = b.conv(fine, 32, {.kernel = 3, .padding = 1});
  const ir::ValueId coarse = b.max_pool(b.conv(wide, 32, {.kernel = 3, .padding = 1}), 4, 4);
  Graph graph = b.finish(b.conv(coarse, 4, {.kernel = 1}), "coarse");
  std::vector<ir::ValueId> outputs(graph.outputs().begin(), graph.outputs().end());
  outputs.push_back(fine);
  graph.set_outputs(outputs);
  ASSERT_TRUE(ops::infer_shapes(graph).ok());
  EXPECT_LT(check(graph, 20), 0.6);
}

TEST_F(StripsTest, IntegersToo) {
  Graph g;
  const ir::ValueId x = g.add_input("x", {ir::DataType::kFloat32, ir::Shape{1, 4, 200, 16}});
  const ir::ValueId scale = g.add_constant("scale", Tensor::scalar(0.03F));
  const ir::ValueId zero = g.add_constant("zero", Tensor::scalar(std::uint8_t{110}));
  const ir::ValueId none = g.add_constant("none", Tensor::scalar(std::int8_t{0}));
  const ir::ValueId small = g.add_constant("small", Tensor::scalar(0.002F));
  const auto conv = [&](ir::ValueId from, std::int64_t in, std::int64_t out) {
    Tensor w = Tensor::zeros(ir::DataType::kInt8, {out, in, 3, 3});
    for (std::int64_t i = 0; i < w.num_elements(); ++i)
      w.set_double(i, static_cast<double>(i * 37 % 200) - 100);
    return g.add("QLinearConv",
                 std::array{from, scale, zero, g.add_constant("w", w), small, none, scale, zero},
                 {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
  };
  ir::ValueId y = conv(conv(g.add("QuantizeLinear", std::array{x, scale, zero}), 4, 32), 32, 32);
  y = g.add("MaxPool", std::array{y},
            {{"kernel_shape", std::vector<std::int64_t>{4, 4}},
             {"strides", std::vector<std::int64_t>{4, 4}}});
  g.set_outputs({g.add("DequantizeLinear", std::array{y, scale, zero})});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_LT(check(g, 16, true), 0.6);
}

// Scales that belong to rows are not split.
TEST_F(StripsTest, ScalesAlongRowsStayWhole) {
  Graph g;
  const ir::ValueId x = g.add_input("x", {ir::DataType::kFloat32, ir::Shape{1, 2, 64, 8}});
  Tensor steps = Tensor::zeros(ir::DataType::kFloat32, {64});
  for (float& step : steps.mutable_data<float>()) step = 0.05F;
  const ir::ValueId scale = g.add_constant("scale", steps);
  const ir::AttributeMap axis{{"axis", std::int64_t{-2}}};
  const ir::ValueId quantized = g.add("QuantizeLinear", std::array{x, scale}, axis);
  const ir::ValueId y = g.add("DequantizeLinear", std::array{quantized, scale}, axis);
  g.set_outputs({g.add("Relu", std::array{y}, {}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const auto whole = compile(g, 0);
  const auto strips = compile(g, 16);
  ASSERT_TRUE(whole != nullptr && strips != nullptr);
  const Tensor input = random_input({1, 2, 64, 8}, 3);
  EXPECT_TRUE(run(*whole, input).at(0).identical(run(*strips, input).at(0)));
}

TEST_F(StripsTest, SayWhatTheyAreGoodFor) {
  Graph graph = tall_network(128);
  ASSERT_TRUE(ops::infer_shapes(graph).ok());
  EXPECT_THAT(compile(graph, 16)->notes(), testing::Contains(HasSubstr("in strips: ")));
  EXPECT_THAT(compile(graph, 1000)->notes(), testing::Contains(HasSubstr("not in strips")));
  EXPECT_THAT(compile(graph, 0)->notes(), Each(Not(HasSubstr("strips"))));
  EXPECT_THAT(reference_backend().compile(graph, {.tile_rows = 8}).error().message(),
              HasSubstr("cannot compute in strips"));
  const auto limited = native_backend().compile(graph, {.threads = 1, .memory_limit = 200'000});
  ASSERT_FALSE(limited.ok());
  EXPECT_THAT(limited.error().message(), HasSubstr("more than the limit of 200000"));
  EXPECT_TRUE(native_backend()
                  .compile(graph, {.threads = 1, .tile_rows = 8, .memory_limit = 200'000})
                  .ok());
}

}  // namespace
}  // namespace lathe::engine
