#include "engine/fused_rows.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/caches.h"
#include "base/cpu.h"
#include "engine/check_plan.h"
#include "engine/native.h"
#include "engine/plan_builder.h"
#include "engine/test_models.h"
#include "ir/graph_builder.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class FusedRowsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }

  static std::shared_ptr<const Executable> compile(Graph graph, CompileOptions options) {
    EXPECT_TRUE(ops::infer_shapes(graph).ok());
    auto executable = native_backend().compile(std::move(graph), options);
    EXPECT_TRUE(executable.ok()) << executable.error().message();
    return executable.ok() ? *executable : nullptr;
  }
  static Tensor run(const Executable& executable, const Tensor& input) {
    const auto context = executable.new_context();
    auto outputs = context->run({&input, 1});
    EXPECT_TRUE(outputs.ok()) << outputs.error().message();
    const auto again = context->run({&input, 1});
    EXPECT_TRUE(again.ok() && (*again)[0].identical((*outputs)[0]));
    return (*outputs)[0];
  }
  static std::vector<int> fused_counts(const Executable& executable) {
    std::vector<int> counts;
    for (const FusedSteps& fused : plan_of(executable)->fused) counts.push_back(fused.count);
    return counts;
  }
  // The same network that gives away all it computes, so that nothing can be fused.
  static Graph laid_open(Graph graph) {
    std::vector<ValueId> outputs(graph.outputs().begin(), graph.outputs().end());
    for (const ir::NodeId id : graph.node_ids()) {
      const ValueId made = graph.node(id).output();
      if (!graph.is_output(made)) outputs.push_back(made);
    }
    graph.set_outputs(outputs);
    return graph;
  }
};

// Channels that make more than any level 2 cache of what lies between.
std::int64_t wide_channels(std::int64_t pixels) {
  return std::max<std::int64_t>(24, level2_cache_bytes() / pixels / 4 / 8 * 8 + 8);
}

// Expands, convolves each channel, projects and adds, as MobileNetV2 (Sandler et al. 2018) does.
Graph bottlenecks(std::int64_t batch, std::int64_t height, std::int64_t width) {
  ir::GraphBuilder b("net", 3);
  ValueId x = b.input("x", {batch, 8, height, width});
  const std::int64_t wide = wide_channels(height * width);
  for (const std::int64_t kernel : {3, 5}) {
    const ValueId before = x;
    x = b.relu6(b.conv(x, wide, {.bias = true}));
    x = b.relu6(
        b.conv(x, wide, {.kernel = kernel, .padding = kernel / 2, .groups = wide, .bias = true}));
    x = b.add(b.conv(x, 8, {.bias = true}), before);
  }
  x = b.relu6(b.conv(x, wide, {}));
  x = b.conv(x, wide, {.kernel = 3, .stride = 2, .padding = 1, .groups = wide});
  return b.finish(b.conv(x, 12, {.bias = true}), "y");
}

TEST_F(FusedRowsTest, TheSameBitsInLessMemory) {
  for (const auto& [batch, height, width] :
       {std::array<std::int64_t, 3>{1, 64, 48}, {2, 61, 47}, {1, 45, 100}}) {
    SCOPED_TRACE(testing::Message() << batch << "x" << height << "x" << width);
    const Graph graph = bottlenecks(batch, height, width);
    const Tensor input = random_input({batch, 8, height, width}, 1);
    const auto whole = compile(laid_open(graph), {.threads = 1});
    ASSERT_EQ(fused_counts(*whole), std::vector<int>());
    const Tensor expected = run(*whole, input);
    for (const int threads : {1, 2, 3}) {
      const auto fused = compile(graph, {.threads = threads});
      if (threads < 3) {
        ASSERT_EQ(fused_counts(*fused), std::vector<int>(3, 3));
      }
      EXPECT_TRUE(run(*fused, input).identical(expected)) << threads << " threads";
      if (threads == 1) {
        EXPECT_LT(fused->arena_bytes(), level2_cache_bytes() * 2);
      }
    }
  }
}

TEST_F(FusedRowsTest, PoolingBehindAConvolution) {
  ir::GraphBuilder b("net", 3);
  const std::int64_t wide = wide_channels(64 * 64);
  ValueId x = b.relu(b.conv(b.input("x", {1, 3, 127, 127}), wide,
                            {.kernel = 7, .stride = 2, .padding = 3, .bias = true}));
  const Graph graph = b.finish(b.max_pool(x, 3, 2, 1), "y");
  const Tensor input = random_input({1, 3, 127, 127}, 2);
  const Tensor expected = run(*compile(laid_open(graph), {.threads = 1}), input);
  for (const int threads : {1, 2}) {
    const auto fused = compile(graph, {.threads = threads});
    EXPECT_EQ(fused_counts(*fused), std::vector<int>({2}));
    EXPECT_TRUE(run(*fused, input).identical(expected));
  }
}

TEST_F(FusedRowsTest, InBfloat16AsWell) {
  const Graph graph = bottlenecks(1, 96, 96);
  const Tensor input = random_input({1, 8, 96, 96}, 1);
  const auto fused = compile(graph, {.threads = 1, .precision = Precision::kBFloat16});
  EXPECT_THAT(fused_counts(*fused), Not(IsEmpty()));
  const Tensor expected = run(*compile(graph, {.threads = 1}), input);
  EXPECT_LT(largest_relative_difference(expected, run(*fused, input)), 0.05);
}

TEST_F(FusedRowsTest, WhatStaysInCacheIsLeftAlone) {
  const auto small = compile(test_network("mobile"), {.threads = 1});
  EXPECT_EQ(fused_counts(*small), std::vector<int>());
}

TEST_F(FusedRowsTest, StepsAreTimed) {
  const auto fused = compile(bottlenecks(1, 64, 48), {.threads = 2});
  const auto context = fused->new_context();
  ASSERT_TRUE(context->enable_profiling());
  const Tensor input = random_input({1, 8, 64, 48}, 1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(context->run({&input, 1}).ok());
  for (const StepProfile& step : context->profile()) {
    EXPECT_EQ(step.runs, 3) << step.name;
    EXPECT_GT(step.total_ms, 0) << step.name;
  }
}

// Of a plan that says what cannot be done nothing is run.
TEST_F(FusedRowsTest, DamagedPlansAreRefused) {
  const auto executable = compile(bottlenecks(1, 64, 48), {.threads = 2});
  const Plan good = *plan_of(*executable);
  ASSERT_TRUE(check_plan(good).ok());
  const auto error_of = [&](const auto& damage) {
    Plan plan = good;
    damage(plan);
    const Status status = check_plan(plan);
    return status.ok() ? std::string("no error") : std::string(status.error().message());
  };
  const auto between = [](Plan& plan) -> Slot& {
    const Step& step = plan.steps[static_cast<std::size_t>(plan.fused[0].first)];
    return plan.slots[static_cast<std::size_t>(step.outputs[0])];
  };
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[0].first = -1; }), HasSubstr("fused[0]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[2].count = 8; }), HasSubstr("fused[2]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[0].rows = 0; }), HasSubstr("fused[0]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[0].rows = INT64_MAX; }), HasSubstr("fused[0]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused.push_back(plan.fused[0]); }),
              HasSubstr("fused[3]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[0].first += 1; }), Not(HasSubstr("no error")));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused.clear(); }), Not(HasSubstr("no error")));
  EXPECT_THAT(error_of([](Plan& plan) { plan.slots.back().window_rows = 1; }),
              HasSubstr("not as a whole"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.threads = 64; }), Not(HasSubstr("no error")));
  EXPECT_THAT(error_of([&](Plan& plan) { between(plan).window_rows += 1; }), HasSubstr("rows in"));
  EXPECT_THAT(error_of([&](Plan& plan) {
                plan.storages[static_cast<std::size_t>(between(plan).storage)].bytes -= 64;
              }),
              HasSubstr("rows in"));
  EXPECT_THAT(error_of([&](Plan& plan) {
                const Step& step = plan.steps[static_cast<std::size_t>(plan.fused[0].first)];
                plan.steps.back().inputs[0] = step.outputs[0];
              }),
              Not(HasSubstr("no error")));
}

}  // namespace
}  // namespace lathe::engine
