#include "engine/stage_plans.h"

#include <array>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/program.h"
#include "engine/reference.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::ValueId;

class StagePlansTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }
};

TEST_F(StagePlansTest, OfAModelThatIsOneRegionThereIsOne) {
  const auto executable = compile(native_backend(), test_network("mlp"));
  const std::vector<StagePlan> stages = stage_plans(*executable);
  ASSERT_EQ(stages.size(), 1);
  EXPECT_EQ(stages[0].plan.get(), plan_of(*executable));
  EXPECT_EQ(stages[0].node, nullptr);
  EXPECT_TRUE(stage_plans(*compile(reference_backend(), test_network("mlp"))).empty());
}

TEST_F(StagePlansTest, ALoopHasTheStagesOfItsBody) {
  const auto executable = compile(native_backend(), doubling_loop());
  ASSERT_NE(executable, nullptr);
  EXPECT_EQ(plan_of(*executable), nullptr);
  const std::vector<StagePlan> stages = stage_plans(*executable);
  ASSERT_EQ(stages.size(), 2);
  ASSERT_NE(stages[0].node, nullptr);
  EXPECT_EQ(stages[0].node->node.name, "loop");
  ASSERT_EQ(stages[0].bodies.size(), 1);
  EXPECT_EQ(stages[0].bodies[0].attribute, "body");
  ASSERT_EQ(stages[0].bodies[0].stages.size(), 1);
  const StagePlan& body = stages[0].bodies[0].stages[0];
  ASSERT_NE(body.plan, nullptr) << body.failure;
  EXPECT_EQ(body.plan->steps.at(0).op_type, "Add");
  ASSERT_NE(stages[1].plan, nullptr);
  EXPECT_EQ(stages[1].plan->steps.at(0).op_type, "Relu");
}

// x -> Relu -> NonZero -> Neg: the Relu's shapes are known, those behind NonZero are not.
TEST_F(StagePlansTest, WhatDependsOnValuesIsPlannedAtRunTime) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 5}});
  const ValueId positive = g.add("Relu", std::array{x}, {}, "positive");
  const ValueId found = g.add("NonZero", std::array{positive}, {}, "found");
  g.set_outputs({g.add("Neg", std::array{found}, {}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const auto executable = compile(native_backend(), g, {.threads = 1, .batch = 3});
  ASSERT_NE(executable, nullptr);
  const std::vector<StagePlan> stages = stage_plans(*executable);
  ASSERT_EQ(stages.size(), 3);
  ASSERT_NE(stages[0].plan, nullptr) << "the batch is known";
  EXPECT_EQ(stages[0].plan->output_infos.at(0).type.to_string(), "float32[3,5]");
  ASSERT_NE(stages[1].node, nullptr);
  EXPECT_EQ(stages[1].node->node.op_type, "NonZero");
  EXPECT_TRUE(stages[1].bodies.empty());
  EXPECT_EQ(stages[2].plan, nullptr);
  EXPECT_EQ(stages[2].node, nullptr);
  EXPECT_EQ(stages[2].failure, "");
  ASSERT_EQ(stages[2].inputs.size(), 1);
  EXPECT_EQ(stages[2].inputs[0].to_string(), "int64[2,?]");
}

}  // namespace
}  // namespace lathe::engine
