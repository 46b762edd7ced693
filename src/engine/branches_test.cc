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

// What stands behind a detector: boxes that overlap better ones are left out, and a loop takes
// those that are left one by one. The loop's graph captures constants that its shapes depend on.
TEST(Branches, ADetectorsTail) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  const auto integers = [](Graph& graph, std::vector<std::int64_t> values) {
    return graph.add_constant("integers", Tensor::vector_int64(values));
  };
  constexpr std::int64_t kBoxes = 60;
  Graph g;
  const ValueId boxes = g.add_input("boxes", {DataType::kFloat32, ir::Shape{1, kBoxes, 4}});
  const ValueId scores = g.add_input("scores", {DataType::kFloat32, ir::Shape{1, 2, kBoxes}});
  const ValueId threshold = g.add_constant("threshold", Tensor::scalar(0.4F));
  const ValueId selected =
      g.add("NonMaxSuppression", std::array{boxes, scores, integers(g, {20}), threshold, threshold},
            {}, "selected");
  const ValueId column =
      g.add("Slice", std::array{selected, integers(g, {2}), integers(g, {3}), integers(g, {1})});
  const ValueId indices = g.add("Squeeze", std::array{column, integers(g, {1})});
  const ValueId kept =
      g.add("Gather", std::array{boxes, indices}, {{"axis", std::int64_t{1}}}, "kept");
  const ValueId count =
      g.add("Squeeze", std::array{g.add("Shape", std::array{indices}), integers(g, {0})});

  Graph body;
  const ValueId iteration = body.add_input("iteration", {DataType::kInt64, ir::Shape{}});
  const ValueId goes_on = body.add_input("goes_on", {DataType::kBool, ir::Shape{}});
  const ValueId total = body.add_input("total", {DataType::kFloat32, ir::Shape{1}});
  const ValueId all = body.add_capture("all");
  const ValueId two = body.add_capture("two");
  const ValueId last = body.add_capture("last");
  const ValueId box =
      body.add("Gather", std::array{all, iteration}, {{"axis", std::int64_t{1}}}, "box");
  const auto half = [&](std::int64_t begin, ValueId end) {
    return body.add("Slice", std::array{box, integers(body, {begin}), end, last});
  };
  const ValueId extents =
      body.add("Sub", std::array{half(2, integers(body, {4})), half(0, two)}, {}, "extents");
  const ValueId area =
      body.add("ReduceProd", std::array{extents, last}, {{"keepdims", std::int64_t{0}}}, "area");
  body.set_outputs({body.add("Identity", std::array{goes_on}),
                    body.add("Add", std::array{total, area}),
                    body.add("Identity", std::array{area})});
  ir::Node loop;
  loop.op_type = "Loop";
  loop.inputs = {count, ir::kNoValue,
                 g.add_constant("zero", Tensor::zeros(DataType::kFloat32, {1}))};
  loop.outputs = {g.add_value("sum"), g.add_value("areas")};
  loop.attributes.emplace("body", ir::Subgraph{std::make_shared<const Graph>(std::move(body)),
                                               {kept, integers(g, {2}), integers(g, {-1})}});
  std::vector<ValueId> outputs = loop.outputs;
  g.add_node(std::move(loop));
  outputs.push_back(selected);
  g.set_outputs(outputs);
  const Status inferred = ops::infer_shapes(g);
  ASSERT_TRUE(inferred.ok()) << inferred.error().message();

  const auto reference = compile(reference_backend(), g);
  const auto native = compile(native_backend(), g);
  ASSERT_TRUE(reference != nullptr && native != nullptr);
  const auto context = native->new_context();
  for (const std::uint64_t seed : {1, 2}) {
    Tensor corners = random_input({1, kBoxes, 4}, seed);
    for (float& x : corners.mutable_data<float>()) x = std::abs(x);
    const std::array inputs{corners, random_input({1, 2, kBoxes}, seed + 7)};
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
