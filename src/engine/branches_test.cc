// Graphs inside nodes, on the engine's own backends.
#include <array>
#include <cmath>
#include <gmock/gmock.h>
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
using testing::HasSubstr;

// y = condition ? Tanh(features) : then what `op` makes of them and of the image, where features
// come from a convolution, whose layout in memory is another than the graph's.
Graph branching_network(std::string_view op, ir::AttributeMap attributes = {}) {
  Graph g;
  const ValueId condition = g.add_input("condition", {DataType::kBool, ir::Shape{}});
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{1, 4, 5, 6}});
  const ValueId w = g.add_constant("w", random_input({4, 4, 3, 3}, 1));
  const ValueId features = g.add("Conv", std::array{x, w},
                                 {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}}, "features");
  Graph one;
  const ValueId outer = one.add_capture("outer");
  one.set_outputs({one.add("Tanh", std::array{outer}, {}, "one")});
  Graph other;
  const ValueId outer_features = other.add_capture("outer_features");
  const ValueId outer_image = other.add_capture("outer_image");
  other.set_outputs(
      {other.add(op, std::array{outer_features, outer_image}, std::move(attributes), "other")});
  const ValueId y = g.add(
      "If", std::array{condition},
      {{"then_branch", ir::Subgraph{std::make_shared<const Graph>(std::move(one)), {features}}},
       {"else_branch",
        ir::Subgraph{std::make_shared<const Graph>(std::move(other)), {features, x}}}},
      "y");
  g.set_outputs({g.add("Relu", std::array{y}, {}, "positive")});
  const Status inferred = ops::infer_shapes(g);
  EXPECT_TRUE(inferred.ok()) << inferred.error().message();
  return g;
}

TEST(Branches, BothRunOnEveryBackend) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  const Graph graph = branching_network("Sub");
  const auto reference = compile(reference_backend(), graph);
  const auto lowered = compile(lowered_backend(), graph);
  const auto native = compile(native_backend(), graph);
  ASSERT_TRUE(reference != nullptr && lowered != nullptr && native != nullptr);
  EXPECT_TRUE(native->notes().empty());
  const auto context = native->new_context();
  context->enable_profiling();
  for (const bool condition : {true, false, true}) {
    const std::array inputs{Tensor::scalar(condition), random_input({1, 4, 5, 6}, 2)};
    const Tensor expected = run(*reference, inputs)[0];
    EXPECT_LT(largest_relative_difference(expected, run(*lowered, inputs)[0]), 1e-5);
    const auto actual = context->run(inputs);
    ASSERT_TRUE(actual.ok()) << actual.error().message();
    EXPECT_LT(largest_relative_difference(expected, actual->at(0)), 1e-5);
  }
  for (const StepProfile& step : context->profile()) EXPECT_EQ(step.missing, "") << step.name;
}

TEST(Branches, ShapesMayDependOnTheBranch) {
  const Graph graph = branching_network("Concat", {{"axis", std::int64_t{1}}});
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  const auto reference = compile(reference_backend(), graph);
  const auto native = compile(native_backend(), graph);
  ASSERT_TRUE(reference != nullptr && native != nullptr);
  const auto context = native->new_context();
  for (const bool condition : {true, false, true}) {
    const std::array inputs{Tensor::scalar(condition), random_input({1, 4, 5, 6}, 2)};
    const Tensor expected = run(*reference, inputs)[0];
    EXPECT_EQ(expected.dim(1), condition ? 4 : 8);
    const auto actual = context->run(inputs);
    ASSERT_TRUE(actual.ok()) << actual.error().message();
    EXPECT_LT(largest_relative_difference(expected, actual->at(0)), 1e-5);
  }
}

TEST(Branches, AConditionThatIsNoneIsAnError) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  Graph branch;
  branch.set_outputs({branch.add_constant("one", Tensor::scalar(1.0F))});
  const auto body = std::make_shared<const Graph>(std::move(branch));
  Graph g;
  const ValueId condition = g.add_input("condition", {DataType::kBool, ir::Shape{ir::Dim()}});
  g.set_outputs({g.add(
      "If", std::array{condition},
      {{"then_branch", ir::Subgraph{body, {}}}, {"else_branch", ir::Subgraph{body, {}}}}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  for (const Backend* backend : {&reference_backend(), &lowered_backend(), &native_backend()}) {
    const auto executable = backend->compile(g, {.threads = 1, .leave_open = true});
    ASSERT_TRUE(executable.ok()) << executable.error().message();
    const auto outputs =
        (*executable)->new_context()->run(std::array{Tensor::zeros(DataType::kBool, {0})});
    ASSERT_FALSE(outputs.ok());
    EXPECT_THAT(outputs.error().message(), HasSubstr("expected one element"));
  }
}

TEST(Branches, ADetectorsTail) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  const Graph g = detector_tail();
  const auto reference = compile(reference_backend(), g);
  const auto native = compile(native_backend(), g);
  ASSERT_TRUE(reference != nullptr && native != nullptr);
  const auto context = native->new_context();
  for (const std::uint64_t seed : {1, 2}) {
    const std::vector<Tensor> inputs = detections(seed);
    const auto expected = run(*reference, inputs);
    const auto actual = context->run(inputs);
    ASSERT_TRUE(actual.ok()) << actual.error().message();
    EXPECT_GT(expected[2].dim(0), 3);
    EXPECT_TRUE(expected[2].identical(actual->at(2)));
    for (const std::size_t i : {0, 1})
      EXPECT_LT(largest_relative_difference(expected[i], actual->at(i)), 1e-6);
  }
}

}  // namespace
}  // namespace lathe::engine
