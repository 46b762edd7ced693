// What rules that recognise an operator in its parts ask of a graph.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace lathe::passes {

// The node that makes the value, if it is this operator; or null.
const ir::Node* made_by(const ir::Graph& graph, ir::ValueId value, std::string_view op);

// The one number of a constant, or of one that is filled with it.
std::optional<double> number(const ir::Graph& graph, ir::ValueId value);
// Whether it is this number, as far as float32 can tell.
bool is_number(const ir::Graph& graph, ir::ValueId value, double wanted);

// A binary node of two operands in either order: the one beside the constant, and that.
struct WithNumber {
  ir::ValueId value;
  double number;
};
std::optional<WithNumber> with_number(const ir::Graph& graph, const ir::Node* node);

// A product as exporters spread it over Mul, Div by a number, and Pow by 2 or 3 nodes: its factors
// that are computed, each as often as it is multiplied, and the product of its numbers.
struct Product {
  double number = 1;
  std::vector<ir::ValueId> factors;
};
Product factors_of(const ir::Graph& graph, ir::ValueId value);

// Whether the product is `wanted` times these factors, in any order.
bool is_product(const Product& product, double wanted, std::vector<ir::ValueId> factors);

}  // namespace lathe::passes
