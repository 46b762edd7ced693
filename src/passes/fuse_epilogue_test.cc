#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "ir/graph_builder.h"
#include "ops/evaluate.h"
#include "ops/fused.h"
#include "ops/infer_shapes.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::ValueId;

Graph fused(const Graph& graph) {
  constexpr std::array kRules = {&kFuseEpilogue};
  const std::array<Phase, 1> phases = {kRules};
  Graph typed = graph;
  EXPECT_TRUE(ops::infer_shapes(typed).ok());
  auto result = run_phases(typed, phases);
  EXPECT_TRUE(result.ok()) << result.error().message();
  return *result;
}

std::vector<std::string> operators(const Graph& graph) {
  std::vector<std::string> names;
  for (const ir::NodeId id : graph.node_ids()) {
    const auto parts = ops::unfuse(graph.node(id));
    names.push_back(parts ? parts->main.op_type + parts->epilogue.names : "?");
  }
  return names;
}

void expect_equal(const Graph& a, const Graph& b) {
  ir::Tensor x = ir::Tensor::zeros(ir::DataType::kFloat32, {1, 3, 6, 6});
  Random random(4);
  for (float& v : x.mutable_data<float>()) v = random.normal();
  const auto expected = ops::evaluate(a, std::array{x});
  const auto actual = ops::evaluate(b, std::array{x});
  ASSERT_TRUE(expected.ok() && actual.ok());
  for (std::int64_t i = 0; i < (*expected)[0].num_elements(); ++i)
    ASSERT_EQ((*expected)[0].get_double(i), (*actual)[0].get_double(i)) << i;
}

TEST(FuseEpilogue, JoinsResidualAndActivation) {
  ir::GraphBuilder b("g", 3);
  const ValueId x = b.input("input", {1, 3, 6, 6});
  const ValueId shortcut = b.conv(x, 4, {.kernel = 1});
  const ValueId main = b.conv(b.relu(b.conv(x, 4, {.kernel = 3, .padding = 1})), 4, {.kernel = 1});
  const Graph g = b.finish(b.relu(b.add(main, shortcut)), "y");
  const Graph result = fused(g);
  EXPECT_THAT(operators(result),
              testing::UnorderedElementsAre("Conv", "Conv+Relu", "Conv+Add+Relu"));
  EXPECT_EQ(result.value(result.outputs()[0]).name, "y");
  expect_equal(g, result);
}

TEST(FuseEpilogue, TellsTheBoundsOfAClip) {
  ir::GraphBuilder b("g", 3);
  const Graph g = b.finish(
      b.relu6(b.conv(b.input("input", {1, 3, 6, 6}), 4, {.kernel = 1, .bias = true})), "y");
  const Graph result = fused(g);
  ASSERT_EQ(result.node_count(), 1U);
  const auto parts = ops::unfuse(result.node(result.node_ids()[0]));
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->epilogue.minimum, 0);
  EXPECT_EQ(parts->epilogue.maximum, 6);
  EXPECT_EQ(parts->main.inputs.size(), 3U);
  EXPECT_NE(result.constant(parts->main.input(1)), nullptr);
  expect_equal(g, result);
}

TEST(FuseEpilogue, LeavesWhatOthersRead) {
  ir::GraphBuilder b("g", 3);
  const ValueId conv = b.conv(b.input("input", {1, 3, 6, 6}), 3, {.kernel = 1});
  const Graph g = b.finish(b.add(b.relu(conv), conv), "y");
  EXPECT_THAT(operators(fused(g)), testing::UnorderedElementsAre("Conv", "Relu", "Add"));
}

TEST(FuseEpilogue, LeavesAnOutput) {
  ir::GraphBuilder b("g", 3);
  const ValueId conv = b.conv(b.input("input", {1, 3, 6, 6}), 3, {.kernel = 1});
  const ValueId relu = b.relu(conv);
  Graph g = b.finish(relu, "y");
  g.set_outputs({relu, conv});
  EXPECT_THAT(operators(fused(g)), testing::UnorderedElementsAre("Conv", "Relu"));
}

TEST(FuseEpilogue, AddsNothingBehindAnActivation) {
  ir::GraphBuilder b("g", 3);
  const ValueId x = b.input("input", {1, 3, 6, 6});
  const Graph g = b.finish(b.add(b.relu(b.conv(x, 3, {.kernel = 1})), x), "y");
  EXPECT_THAT(operators(fused(g)), testing::UnorderedElementsAre("Conv+Relu", "Add"));
}

TEST(FuseEpilogue, LeavesAResidualThatIsRepeated) {
  Graph g;
  const ValueId x = g.add_input("input", {ir::DataType::kFloat32, ir::Shape{1, 3, 6, 6}});
  const ValueId row = g.add_input("row", {ir::DataType::kFloat32, ir::Shape{6}});
  const ValueId w = g.add_constant("w", ir::Tensor::zeros(ir::DataType::kFloat32, {3, 3, 1, 1}));
  g.set_outputs({g.add("Add", std::array{g.add("Conv", std::array{x, w}), row})});
  EXPECT_THAT(operators(fused(g)), testing::UnorderedElementsAre("Conv", "Add"));
}

TEST(FuseEpilogue, LeavesWeightsThatAreComputed) {
  Graph g;
  const ValueId x = g.add_input("input", {ir::DataType::kFloat32, ir::Shape{1, 3, 6, 6}});
  const ValueId w = g.add_input("w", {ir::DataType::kFloat32, ir::Shape{3, 3, 1, 1}});
  g.set_outputs({g.add("Relu", std::array{g.add("Conv", std::array{x, w})})});
  EXPECT_THAT(operators(fused(g)), testing::UnorderedElementsAre("Conv", "Relu"));
}

}  // namespace
}  // namespace lathe::passes
