#include "measure/profile.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "engine/test_models.h"

namespace lathe::measure {
namespace {

using testing::HasSubstr;

class ProfileTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }
};

ModelProfileOptions few_inferences(std::int64_t limit = 20) {
  ModelProfileOptions options;
  options.seconds = 0.5;
  options.limit = limit;
  return options;
}

// Two convolutions and a Relu, of which the float64 one has no kernel.
ir::Graph half_slow_network() {
  ir::Graph g;
  const ir::ValueId x = g.add_input("x", {ir::DataType::kFloat32, ir::Shape{1, 4, 16, 16}});
  const ir::ValueId fast = g.add_value("fast", {});
  g.add_node({"block/fast",
              "",
              "Conv",
              {x, g.add_constant("w", engine::random_input({4, 4, 3, 3}, 1))},
              {fast},
              {}});
  const ir::ValueId wide = g.add("Cast", std::array{x}, {{"to", std::int64_t{11}}}, "tail/wide");
  const ir::ValueId slow = g.add_value("slow", {});
  g.add_node({"tail/slow",
              "",
              "Conv",
              {wide, g.add_constant(
                         "v", engine::random_input({4, 4, 3, 3}, 1).cast(ir::DataType::kFloat64))},
              {slow},
              {}});
  g.set_outputs({fast, slow});
  LATHE_CHECK(ops::infer_shapes(g).ok());
  return g;
}

TEST_F(ProfileTest, SharesAddUp) {
  const auto profile =
      profile_model(half_slow_network(), engine::native_backend(), few_inferences());
  ASSERT_TRUE(profile.ok()) << profile.error().message();
  EXPECT_EQ(profile->inferences, 20);
  EXPECT_FALSE(profile->interrupted);
  EXPECT_EQ(profile->batch, 1);
  EXPECT_LE(profile->min_ms, profile->p50_ms);
  double share = profile->outside_ms / profile->total.ms;
  double macs = 0;
  for (const ProfiledStep& step : profile->steps) {
    share += step.work.share;
    macs += step.work.macs;
    EXPECT_EQ(step.runs, 1) << step.step.name;
    EXPECT_LE(step.min_ms, step.work.ms);
    EXPECT_GT(step.work.bytes, 0);
    EXPECT_EQ(step.work.attainable_ms, 0);
    EXPECT_EQ(step.layer, step.step.name.substr(0, step.step.name.find('/')));
  }
  EXPECT_NEAR(share, 1, 1e-9);
  EXPECT_NEAR(profile->total.share, 1, 1e-9);
  EXPECT_EQ(macs, profile->total.macs);
  double by_operator = 0;
  for (const ProfiledGroup& group : profile->operators) by_operator += group.work.ms;
  double by_layer = 0;
  for (const ProfiledGroup& group : profile->layers) by_layer += group.work.ms;
  EXPECT_NEAR(by_operator, profile->total.ms - profile->outside_ms, 1e-9);
  EXPECT_NEAR(by_layer, by_operator, 1e-9);
  for (std::size_t i = 1; i < profile->operators.size(); ++i)
    EXPECT_GE(profile->operators[i - 1].work.ms, profile->operators[i].work.ms);
}

TEST_F(ProfileTest, NamesWhatRunsInTheInterpreter) {
  const auto profile =
      profile_model(half_slow_network(), engine::native_backend(), few_inferences());
  ASSERT_TRUE(profile.ok()) << profile.error().message();
  double interpreted = 0;
  for (const ProfiledStep& step : profile->steps) {
    EXPECT_EQ(step.step.missing.empty(), step.step.name != "tail/slow") << step.step.name;
    interpreted += step.work.interpreter_ms;
  }
  EXPECT_GT(interpreted, 0);
  EXPECT_NEAR(profile->total.interpreter_ms, interpreted, 1e-12);
}

TEST_F(ProfileTest, ARooflineBoundsEachStep) {
  auto profile = profile_model(half_slow_network(), engine::native_backend(), few_inferences());
  ASSERT_TRUE(profile.ok()) << profile.error().message();
  Roofline roofline;
  roofline.float32_gflops = roofline.int8_gops = 1e-3;
  roofline.levels = {{"memory", 1 << 20, 1e6}};
  hold_against(roofline, *profile);
  for (const ProfiledStep& step : profile->steps) {
    EXPECT_EQ(step.bound, step.work.macs > 0 ? Bound::kCompute : Bound::kMemory);
    if (step.work.macs == 0) continue;
    EXPECT_NEAR(step.work.attainable_ms, 2e-3 * step.work.macs, 1e-9);
  }
  roofline.float32_gflops = roofline.int8_gops = 1e9;
  hold_against(roofline, *profile);
  double attainable = 0;
  for (const ProfiledStep& step : profile->steps) {
    EXPECT_EQ(step.bound, Bound::kMemory);
    attainable += step.work.attainable_ms;
  }
  EXPECT_NEAR(profile->total.attainable_ms, attainable, 1e-12);
  EXPECT_NEAR(profile->total.share, 1, 1e-9) << "held against a second time";
  EXPECT_TRUE(profile->roofline.has_value());
}

TEST_F(ProfileTest, StepsOfALoopCountAllTheirRuns) {
  const auto profile =
      profile_model(engine::doubling_loop(), engine::native_backend(), few_inferences(5));
  ASSERT_TRUE(profile.ok()) << profile.error().message();
  bool found = false;
  for (const ProfiledStep& step : profile->steps) {
    EXPECT_GT(step.runs, 0) << step.step.name;
    found = found || step.step.name == "loop";
  }
  EXPECT_TRUE(found);
}

TEST_F(ProfileTest, TheTraceNestsStepsInInferences) {
  const auto profile =
      profile_model(half_slow_network(), engine::native_backend(), few_inferences(30));
  ASSERT_TRUE(profile.ok()) << profile.error().message();
  const std::size_t inferences = 10;
  ASSERT_EQ(profile->trace.size(), inferences * (profile->steps.size() + 1));
  std::int64_t end = 0;
  for (std::size_t i = 0; i < profile->trace.size(); ++i) {
    const engine::StepRun& run = profile->trace[i];
    const bool whole = i % (profile->steps.size() + 1) == 0;
    EXPECT_EQ(run.step == engine::StepRun::kWholeRun, whole) << i;
    if (whole) {
      EXPECT_GE(run.begin_ns, end);
      end = run.end_ns;
    } else {
      EXPECT_LT(run.step, profile->steps.size());
      EXPECT_LE(run.end_ns, end);
    }
  }
}

TEST_F(ProfileTest, StopsWhereItIsAskedTo) {
  int asked = 0;
  ModelProfileOptions options = few_inferences();
  options.stop_requested = [&] { return ++asked > 200; };
  options.seconds = 1000;
  options.limit = 100'000;
  const auto kept = profile_model(half_slow_network(), engine::native_backend(), options);
  // The warm-up takes a tenth of the time, unless it is stopped.
  ASSERT_FALSE(kept.ok());
  EXPECT_EQ(kept.error().code(), ErrorCode::kInterrupted);
  // What was measured until then is kept.
  bool measuring = false;
  options = few_inferences(100'000);
  options.seconds = 0.01;
  options.on_progress = [&](double) { measuring = true; };
  options.stop_requested = [&] { return measuring; };
  const auto one = profile_model(half_slow_network(), engine::native_backend(), options);
  ASSERT_TRUE(one.ok()) << one.error().message();
  EXPECT_TRUE(one->interrupted);
  EXPECT_EQ(one->inferences, 1);
}

TEST_F(ProfileTest, BackendsThatCannotTimeStepsAreRefused) {
  const auto profile =
      profile_model(half_slow_network(), engine::reference_backend(), few_inferences());
  ASSERT_FALSE(profile.ok());
  EXPECT_EQ(profile.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(profile.error().message(), HasSubstr("backend 'reference' cannot time its steps"));
}

TEST_F(ProfileTest, JsonHasUnitsAndNoNumbersThatAreNone) {
  auto profile = profile_model(half_slow_network(), engine::native_backend(), few_inferences());
  ASSERT_TRUE(profile.ok()) << profile.error().message();
  nlohmann::json json = to_json(*profile);
  EXPECT_FALSE(json.contains("peaks"));
  EXPECT_EQ(json.at("inferences"), 20);
  EXPECT_NEAR(json.at("interpreter_share").get<double>(),
              profile->total.interpreter_ms / profile->total.ms, 1e-12);
  bool slow = false;
  for (const nlohmann::json& node : json.at("nodes")) {
    for (const char* key : {"min_ms", "p50_ms", "mean_ms", "share", "macs", "bytes", "runs"})
      EXPECT_TRUE(node.at(key).is_number()) << key;
    EXPECT_EQ(node.at("gflops").is_null(), node.at("macs") == 0);
    slow = slow || (node.at("interpreted") == true && node.contains("missing"));
  }
  EXPECT_TRUE(slow);
  Roofline roofline;
  roofline.float32_gflops = roofline.int8_gops = 1;
  hold_against(roofline, *profile);
  json = to_json(*profile);
  EXPECT_TRUE(json.contains("peaks"));
  EXPECT_TRUE(json.at("nodes").at(0).contains("roofline_share"));
}

TEST(InterpreterShare, IsThatOfTheTime) {
  EXPECT_EQ(interpreter_share({}), std::nullopt);
  engine::StepProfile fast;
  engine::StepProfile slow;
  slow.missing = "no kernel for float64";
  EXPECT_EQ(interpreter_share(std::array{fast, slow}), std::nullopt);
  fast.total_ms = 3;
  slow.total_ms = 1;
  EXPECT_EQ(interpreter_share(std::array{fast, slow}), 0.25);
  EXPECT_EQ(describe_interpreter_share(0.25),
            "the reference evaluator took 25 % of the time of all nodes");
  EXPECT_EQ(describe_interpreter_share(0.001),
            "the reference evaluator took below 1 % of the time of all nodes");
  EXPECT_EQ(describe_interpreter_share(0), "");
  EXPECT_EQ(describe_interpreter_share(std::nullopt), "");
}

}  // namespace
}  // namespace lathe::measure
