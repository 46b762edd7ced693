// Mish (Misra 2019): x * Tanh(Softplus(x)).
#include "passes/match.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Mul"};

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  for (const std::size_t slot : {0, 1}) {
    const ir::ValueId x = node.input(slot);
    const ir::Node* tanh = made_by(graph, node.input(1 - slot), "Tanh");
    const ir::Node* softplus =
        tanh == nullptr ? nullptr : made_by(graph, tanh->input(0), "Softplus");
    if (softplus == nullptr || softplus->input(0) != x) continue;
    Patch patch;
    patch.replace_uses(node.output(),
                       patch.add_node({.name = node.name, .op_type = "Mish", .inputs = {x}}));
    return patch;
  }
  return std::nullopt;
}

}  // namespace

const Rule kRecognizeMish{"recognize_mish", kOperators, apply, 18};

}  // namespace lathe::passes
