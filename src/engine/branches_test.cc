// Graphs inside nodes, on the engine's own backends.
#include <array>
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

}  // namespace
}  // namespace lathe::engine
