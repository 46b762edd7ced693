// Swish (Ramachandran et al. 2017), of which SiLU is the one with alpha 1: x * Sigmoid(alpha * x).
#include "passes/match.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Mul"};

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  for (const std::size_t slot : {0, 1}) {
    const ir::ValueId x = node.input(slot);
    const ir::Node* gate = made_by(graph, node.input(1 - slot), "Sigmoid");
    if (gate == nullptr) continue;
    const Product inner = factors_of(graph, gate->input(0));
    const bool is_plain = gate->input(0) == x;
    if (!is_plain && !is_product(inner, inner.number, {x})) continue;
    ir::AttributeMap attributes;
    if (!is_plain) attributes.emplace("alpha", static_cast<float>(inner.number));
    Patch patch;
    patch.replace_uses(node.output(), patch.add_node({.name = node.name,
                                                      .op_type = "Swish",
                                                      .inputs = {x},
                                                      .attributes = std::move(attributes)}));
    return patch;
  }
  return std::nullopt;
}

}  // namespace

const Rule kRecognizeSwish{"recognize_swish", kOperators, apply, 24};

}  // namespace lathe::passes
