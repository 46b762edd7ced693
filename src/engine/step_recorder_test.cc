#include "engine/step_recorder.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;

class StepRecorderTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }
};

const StepProfile* find_step(const std::vector<StepProfile>& steps, std::string_view name) {
  for (const StepProfile& step : steps)
    if (step.name == name) return &step;
  return nullptr;
}

TEST_F(StepRecorderTest, TellsWhatEachStepMultipliesAndMoves) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{1, 4, 6, 6}});
  const ValueId w = g.add_constant("w", random_input({8, 4, 1, 1}, 1));
  const ValueId y = g.add_value("y", {});
  g.add_node({"conv", "", "Conv", {x, w}, {y}, {}});
  const ValueId table = g.add_constant("table", random_input({1000, 3}, 1));
  const ValueId which = g.add_input("which", {DataType::kInt64, ir::Shape{2}});
  g.set_outputs({g.add("Relu", std::array{y}, {}, "relu"),
                 g.add("Gather", std::array{table, which}, {}, "gathered")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const auto executable = compile(native_backend(), g);
  ASSERT_NE(executable, nullptr);
  const auto context = executable->new_context();
  ASSERT_TRUE(context->enable_profiling());
  const std::array inputs{random_input({1, 4, 6, 6}, 1),
                          Tensor::from_values<std::int64_t>({2}, {5, 7})};
  ASSERT_TRUE(context->run(inputs).ok());
  const std::vector<StepProfile> steps = context->profile();
  const StepProfile* conv = find_step(steps, "conv");
  ASSERT_NE(conv, nullptr);
  EXPECT_EQ(conv->op_type, "Conv+Relu");
  EXPECT_EQ(conv->macs, 36 * 8 * 4);
  EXPECT_EQ(conv->multiplies, DataType::kFloat32);
  EXPECT_GE(conv->bytes, (36 * 4 + 36 * 8 + 8 * 4) * 4);
  const StepProfile* gather = find_step(steps, "gathered");
  ASSERT_NE(gather, nullptr);
  EXPECT_EQ(gather->macs, 0);
  EXPECT_EQ(gather->multiplies, DataType::kUndefined);
  EXPECT_EQ(gather->bytes, 2 * 8 + 2 * (2 * 3 * 4)) << "not the whole table";
}

TEST_F(StepRecorderTest, TheTimelineHasTheLastRunAndItsSteps) {
  const auto executable = compile(native_backend(), test_network("resnet8"));
  const auto context = executable->new_context();
  const std::array input{random_input({1, 3, 32, 32}, 1)};
  EXPECT_TRUE(context->profile().empty());
  EXPECT_TRUE(context->timeline().empty());
  ASSERT_TRUE(context->enable_profiling());
  for (int run = 1; run <= 2; ++run) {
    ASSERT_TRUE(context->run(input).ok());
    const std::vector<StepProfile> steps = context->profile();
    const std::vector<StepRun> timeline = context->timeline();
    ASSERT_EQ(timeline.size(), steps.size() + 1);
    EXPECT_EQ(timeline[0].step, StepRun::kWholeRun);
    std::int64_t end = timeline[0].begin_ns;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      EXPECT_EQ(steps[i].runs, run);
      EXPECT_EQ(timeline[i + 1].step, i);
      EXPECT_GE(timeline[i + 1].begin_ns, end);
      EXPECT_GE(timeline[i + 1].end_ns, timeline[i + 1].begin_ns);
      end = timeline[i + 1].end_ns;
    }
    EXPECT_GE(timeline[0].end_ns, end);
  }
  ASSERT_TRUE(context->enable_profiling());
  for (const StepProfile& step : context->profile()) {
    EXPECT_EQ(step.runs, 0);
    EXPECT_EQ(step.total_ms, 0);
  }
}

TEST_F(StepRecorderTest, WhatALoopRunsIsNotItsOwnTime) {
  const auto executable = compile(native_backend(), doubling_loop());
  ASSERT_NE(executable, nullptr);
  const auto context = executable->new_context();
  ASSERT_TRUE(context->enable_profiling());
  const std::array inputs{Tensor::scalar(std::int64_t{5}), random_input({4}, 1)};
  const auto outputs = context->run(inputs);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  const std::vector<StepProfile> steps = context->profile();
  const StepProfile* loop = find_step(steps, "loop");
  const StepProfile* add = find_step(steps, "doubled");
  ASSERT_TRUE(loop != nullptr && add != nullptr);
  EXPECT_EQ(loop->kernel, "control flow");
  EXPECT_EQ(loop->missing, "");
  EXPECT_EQ(loop->runs, 1);
  EXPECT_EQ(add->runs, 5);
  const std::vector<StepRun> timeline = context->timeline();
  const auto whole = std::find_if(timeline.begin(), timeline.end(), [&](const StepRun& run) {
    return run.step == static_cast<std::size_t>(loop - steps.data());
  });
  ASSERT_NE(whole, timeline.end());
  EXPECT_NEAR(loop->total_ms + add->total_ms,
              static_cast<double>(whole->end_ns - whole->begin_ns) / 1e6, 1e-9);
}

TEST_F(StepRecorderTest, OtherBackendsCannot) {
  const auto executable = compile(reference_backend(), test_network("mlp"));
  const auto context = executable->new_context();
  EXPECT_FALSE(context->enable_profiling());
  EXPECT_TRUE(context->profile().empty());
}

}  // namespace
}  // namespace lathe::engine
