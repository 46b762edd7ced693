// Gelu (Hendrycks and Gimpel 2016) as it is exported below opset 20: x/2 * (1 + erf(x / sqrt(2))),
// or with tanh in erf's place.
#include <cmath>
#include <numbers>

#include "passes/match.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Mul"};
constexpr double kCube = 0.044715;

bool is_exact(const ir::Graph& graph, ir::ValueId share, ir::ValueId x) {
  const ir::Node* erf = made_by(graph, share, "Erf");
  return erf != nullptr &&
         is_product(factors_of(graph, erf->input(0)), std::numbers::sqrt2 / 2, {x});
}

// sqrt(2 / pi) * (x + 0.044715 x^3), or with the x before the parenthesis: x * (1 + 0.044715 x^2).
bool is_approximate(const ir::Graph& graph, ir::ValueId share, ir::ValueId x) {
  const ir::Node* tanh = made_by(graph, share, "Tanh");
  if (tanh == nullptr) return false;
  const Product inner = factors_of(graph, tanh->input(0));
  if (std::abs(inner.number - std::sqrt(2 / std::numbers::pi)) > 1e-5) return false;
  for (const ir::ValueId factor : inner.factors) {
    const ir::Node* sum = made_by(graph, factor, "Add");
    if (sum == nullptr) continue;
    for (const std::size_t slot : {0, 1}) {
      const ir::ValueId first = sum->input(slot);
      const Product second = factors_of(graph, sum->input(1 - slot));
      if (inner.factors.size() == 1 && first == x && is_product(second, kCube, {x, x, x}))
        return true;
      if (inner.factors.size() == 2 && is_product(inner, inner.number, {x, factor}) &&
          is_number(graph, first, 1) && is_product(second, kCube, {x, x}))
        return true;
    }
  }
  return false;
}

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const Product product = factors_of(graph, node.output());
  if (product.factors.size() != 2 || std::abs(product.number - 0.5) > 1e-6) return std::nullopt;
  for (const std::size_t slot : {0, 1}) {
    const ir::ValueId x = product.factors[slot];
    const auto share = with_number(graph, made_by(graph, product.factors[1 - slot], "Add"));
    if (!share || share->number != 1) continue;
    const bool exact = is_exact(graph, share->value, x);
    if (!exact && !is_approximate(graph, share->value, x)) continue;
    Patch patch;
    ir::AttributeMap attributes;
    if (!exact) attributes.emplace("approximate", std::string("tanh"));
    patch.replace_uses(node.output(), patch.add_node({.name = node.name,
                                                      .op_type = "Gelu",
                                                      .inputs = {x},
                                                      .attributes = std::move(attributes)}));
    return patch;
  }
  return std::nullopt;
}

}  // namespace

const Rule kRecognizeGelu{"recognize_gelu", kOperators, apply, 20};

}  // namespace lathe::passes
