#include "ir/graph.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/print.h"

namespace lathe::ir {
namespace {

using testing::HasSubstr;

TensorType float_type(Shape shape) { return {DataType::kFloat32, std::move(shape)}; }

// x -> Relu a -> Add(a, c) y
Graph small_graph() {
  Graph g;
  const ValueId x = g.add_input("x", float_type({Dim::symbol("N"), 2}));
  const ValueId a = g.add("Relu", std::array{x}, {}, "a");
  const ValueId c = g.add_constant("c", Tensor::from_values<float>({2}, {1, 2}));
  const ValueId y = g.add("Add", std::array{a, c}, {}, "y");
  g.set_outputs({y});
  return g;
}

TEST(Graph, PrintsItself) {
  EXPECT_EQ(to_text(small_graph()),
            "graph main (x: float32[N,2]) -> (y: undefined[*])\n"
            "  a: undefined[*] = Relu(x)\n"
            "  y: undefined[*] = Add(a, c: float32[2])\n");
}

TEST(Graph, VerifiesAndOrders) {
  Graph g = small_graph();
  EXPECT_TRUE(g.verify().ok());
  EXPECT_THAT(g.topological_order().value(), testing::ElementsAre(0, 1));
}

TEST(Graph, NamesANodeOnACycle) {
  Graph g;
  const ValueId a = g.add_value("a");
  const ValueId b = g.add_value("b");
  g.add_node({"first", "", "Relu", {b}, {a}, {}});
  g.add_node({"second", "", "Relu", {a}, {b}, {}});
  g.set_outputs({b});
  EXPECT_THAT(g.verify().error().message(), HasSubstr("first (Relu): lies on or behind a cycle"));
  EXPECT_FALSE(g.compact().ok());
}

TEST(Graph, NamesAValueThatNothingMakes) {
  Graph g = small_graph();
  const ValueId dangling = g.add_value("dangling");
  g.set_input(1, 1, dangling);
  EXPECT_THAT(g.verify().error().message(), HasSubstr("'dangling' is not made"));
}

TEST(Graph, ReplacesRemovesAndCompacts) {
  Graph g = small_graph();
  const ValueId x = *g.find_value("x");
  const ValueId a = *g.find_value("a");
  g.replace_uses(a, x);
  g.remove_node(0);
  ASSERT_TRUE(g.compact().ok());
  EXPECT_EQ(g.node_count(), 1);
  EXPECT_EQ(g.value_count(), 3);
  EXPECT_FALSE(g.find_value("a"));
  EXPECT_TRUE(g.verify().ok());
}

TEST(Graph, AnOutputKeepsItsNameWhenReplaced) {
  Graph g = small_graph();
  const ValueId y = *g.find_value("y");
  g.replace_uses(y, *g.find_value("a"));
  ASSERT_TRUE(g.compact().ok());
  EXPECT_EQ(g.value(g.outputs()[0]).name, "y");
  EXPECT_EQ(g.node_count(), 1);
}

TEST(Graph, CopiesAreIndependent) {
  const Graph g = small_graph();
  Graph copy = g;
  copy.remove_node(0);
  copy.metadata["k"] = "v";
  EXPECT_EQ(g.node_count(), 2);
  EXPECT_TRUE(g.verify().ok());
}

TEST(Graph, MakesNamesUnique) {
  Graph g = small_graph();
  EXPECT_NE(g.value(g.add_value("x")).name, "x");
  EXPECT_FALSE(g.value(g.add_value("")).name.empty());
}

TEST(Graph, KnowsWhoReadsAValueThroughEveryEdit) {
  Graph g = small_graph();
  const ValueId x = *g.find_value("x");
  const ValueId a = *g.find_value("a");
  EXPECT_THAT(g.readers(a), testing::ElementsAre(1));
  g.set_input(1, 1, a);
  EXPECT_THAT(g.readers(a), testing::ElementsAre(1, 1));
  g.replace_uses(a, x);
  EXPECT_THAT(g.readers(x), testing::ElementsAre(0, 1, 1));
  EXPECT_TRUE(g.readers(a).empty());
  g.remove_node(0);
  EXPECT_THAT(g.readers(x), testing::ElementsAre(1, 1));
  EXPECT_TRUE(g.verify().ok());
  ASSERT_TRUE(g.compact().ok());
  EXPECT_THAT(g.readers(*g.find_value("x")), testing::ElementsAre(0, 0));
}

TEST(Graph, ReferencesStayValidWhileItGrows) {
  Graph g = small_graph();
  const Node& relu = g.node(0);
  const Value& x = g.value(0);
  for (int i = 0; i < 1000; ++i) g.add("Relu", std::array{g.outputs()[0]});
  EXPECT_EQ(relu.op_type, "Relu");
  EXPECT_EQ(x.name, "x");
}

// A node whose graph makes y of what it captures.
struct Branching {
  Graph g;
  ValueId x = kNoValue;
  ValueId y = kNoValue;

  Branching() {
    Graph body;
    const ValueId outer = body.add_capture("outer");
    body.set_outputs({body.add("Relu", std::array{outer}, {}, "inner")});
    const ValueId condition = g.add_input("condition", {DataType::kBool, Shape{}});
    x = g.add_input("x", float_type({2}));
    const ValueId unused = g.add("Tanh", std::array{x}, {}, "unused");
    const ValueId read = g.add("Sigmoid", std::array{x}, {}, "read");
    const Subgraph subgraph{std::make_shared<const Graph>(body), {read}};
    y = g.add("If", std::array{condition}, {{"then_branch", subgraph}, {"else_branch", subgraph}},
              "y");
    g.set_outputs({y});
    static_cast<void>(unused);
  }
};

TEST(Graph, CapturesAreReadByTheNode) {
  Branching b;
  EXPECT_TRUE(b.g.verify().ok());
  const ValueId read = *b.g.find_value("read");
  const NodeId node = b.g.value(b.y).producer;
  EXPECT_THAT(b.g.readers(read), testing::ElementsAre(node, node));
  EXPECT_THAT(b.g.node(node).reads(), testing::ElementsAre(0, read, read));
  ASSERT_TRUE(b.g.compact().ok());
  EXPECT_FALSE(b.g.find_value("unused"));
  ASSERT_TRUE(b.g.find_value("read"));
  EXPECT_TRUE(b.g.verify().ok());
}

TEST(Graph, ANodeWithGraphsThatNobodyReadsGoesWithWhatItCaptured) {
  Branching b;
  b.g.set_outputs({*b.g.find_value("unused")});
  ASSERT_TRUE(b.g.compact().ok());
  EXPECT_FALSE(b.g.find_value("y"));
  EXPECT_FALSE(b.g.find_value("read"));
  EXPECT_EQ(b.g.node_count(), 1);
  EXPECT_TRUE(b.g.find_value("condition")) << "inputs stay";
  EXPECT_TRUE(b.g.verify().ok());
}

TEST(Graph, CapturesFollowTheValueThatTheyStandFor) {
  Branching b;
  b.g.replace_uses(*b.g.find_value("read"), b.x);
  ASSERT_TRUE(b.g.compact().ok());
  EXPECT_FALSE(b.g.find_value("read"));
  const Node& node = b.g.node(b.g.value(b.g.outputs()[0]).producer);
  EXPECT_THAT(subgraphs(node)[0]->captures, testing::ElementsAre(*b.g.find_value("x")));
  EXPECT_TRUE(b.g.verify().ok());
}

TEST(Graph, RefusesASubgraphWithoutItsCaptures) {
  Branching b;
  const NodeId node = b.g.value(b.y).producer;
  Subgraph wrong = *subgraphs(b.g.node(node))[0];
  wrong.captures.clear();
  b.g.set_attribute(node, "then_branch", wrong);
  EXPECT_THAT(b.g.verify().error().message(), HasSubstr("captures"));
}

}  // namespace
}  // namespace lathe::ir
