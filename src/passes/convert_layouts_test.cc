#include "passes/convert_layouts.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/graph_builder.h"
#include "ops/infer_shapes.h"

namespace lathe::passes {
namespace {

using ir::Graph;
using ir::Layout;
using ir::ValueId;

// As an engine has it that convolves and pools channels-last, and whose other kernels take what
// they get.
NodeLayouts choose(const Graph& graph, ir::NodeId id, std::span<const Layout> layouts) {
  const ir::Node& node = graph.node(id);
  if (node.is("Conv") || node.is("GlobalAveragePool"))
    return {Layout::kChannelsLast, {0}, Layout::kChannelsLast};
  if (node.is("Relu")) {
    const Layout layout = layouts[static_cast<std::size_t>(node.input(0))];
    return {layout, {0}, layout};
  }
  return {};
}

ConvertedGraph converted(Graph graph) {
  EXPECT_TRUE(ops::infer_shapes(graph).ok());
  auto result = convert_layouts(graph, choose);
  EXPECT_TRUE(result.ok()) << result.error().message();
  EXPECT_TRUE(result->graph.verify().ok());
  return *std::move(result);
}

// The operators in the order in which they run.
std::vector<std::string> operators(const Graph& graph) {
  std::vector<std::string> names;
  const auto order = graph.topological_order();
  for (const ir::NodeId id : *order) names.push_back(graph.node(id).op_type);
  return names;
}

TEST(ConvertLayouts, ConvertsOnceOnTheWayInAndOnceOut) {
  ir::GraphBuilder b("g", 3);
  ValueId x = b.input("input", {1, 3, 6, 6});
  x = b.conv(b.relu(b.conv(x, 4, {.kernel = 3})), 4, {.kernel = 1});
  const ConvertedGraph result = converted(b.finish(x, "y"));
  EXPECT_THAT(operators(result.graph),
              testing::ElementsAre("Reorder", "Conv", "Relu", "Conv", "Reorder"));
  const ValueId output = result.graph.outputs()[0];
  EXPECT_EQ(result.graph.value(output).name, "y");
  EXPECT_EQ(result.layouts.at(static_cast<std::size_t>(output)), Layout::kRowMajor);
}

TEST(ConvertLayouts, SharesAConversion) {
  ir::GraphBuilder b("g", 3);
  const ValueId x = b.input("input", {1, 3, 6, 6});
  const ValueId a = b.conv(x, 4, {.kernel = 1});
  const ValueId c = b.conv(x, 4, {.kernel = 1});
  const ConvertedGraph result = converted(b.finish(b.add(a, c), "y"));
  // One of x, and one of each that the row-major Add reads.
  EXPECT_THAT(operators(result.graph),
              testing::ElementsAre("Reorder", "Conv", "Conv", "Reorder", "Reorder", "Add"));
}

TEST(ConvertLayouts, LeavesWhatIsTheSameBytes) {
  ir::GraphBuilder b("g", 3);
  ValueId x = b.input("input", {1, 1, 6, 6});
  x = b.global_average_pool(b.conv(x, 4, {.kernel = 3}));
  const ConvertedGraph result = converted(b.finish(b.linear(b.flatten(x), 2), "y"));
  EXPECT_THAT(operators(result.graph),
              testing::ElementsAre("Conv", "GlobalAveragePool", "Flatten", "Gemm"));
}

TEST(ConvertLayouts, GivesAnOutputThatOthersReadItsName) {
  ir::GraphBuilder b("g", 3);
  const ValueId conv = b.conv(b.input("input", {1, 3, 6, 6}), 4, {.kernel = 1});
  Graph g = b.finish(b.relu(conv), "y");
  g.rename_value(conv, "inner");
  g.set_outputs({g.outputs()[0], conv, conv});
  const ConvertedGraph result = converted(g);
  const auto outputs = result.graph.outputs();
  EXPECT_EQ(result.graph.value(outputs[1]).name, "inner");
  EXPECT_EQ(outputs[1], outputs[2]);
  EXPECT_EQ(result.layouts.at(static_cast<std::size_t>(outputs[1])), Layout::kRowMajor);
}

TEST(ConvertLayouts, GivesGraphsInsideNodesRowMajorValues) {
  ir::GraphBuilder b("g", 3);
  const ValueId conv = b.conv(b.input("input", {1, 3, 6, 6}), 4, {.kernel = 1});
  Graph g = b.finish(conv, "y");
  const auto branch = [&](std::string_view op) {
    Graph body;
    const ValueId captured = body.add_capture("inner", g.type(conv));
    body.set_outputs({body.add(op, std::array{captured})});
    return ir::Subgraph{std::make_shared<const Graph>(std::move(body)), {conv}};
  };
  const ValueId condition = g.add_input("condition", {ir::DataType::kBool, ir::Shape{}});
  g.set_outputs({g.add("If", std::array{condition},
                       {{"then_branch", branch("Relu")}, {"else_branch", branch("Sigmoid")}})});
  const ConvertedGraph result = converted(g);
  EXPECT_THAT(operators(result.graph), testing::ElementsAre("Reorder", "Conv", "Reorder", "If"));
  for (const ir::NodeId id : result.graph.node_ids()) {
    for (const ir::Subgraph* body : ir::subgraphs(result.graph.node(id))) {
      EXPECT_EQ(result.layouts.at(static_cast<std::size_t>(body->captures[0])), Layout::kRowMajor);
    }
  }
}

}  // namespace
}  // namespace lathe::passes
