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

}  // namespace
}  // namespace lathe::ir
