#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Dropout", "Identity"};

bool is_used(const ir::Graph& graph, ir::ValueId id) {
  return id != ir::kNoValue && (graph.is_output(id) || !graph.readers(id).empty());
}

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (is_used(graph, node.output(1))) return std::nullopt;  // the mask of Dropout
  const ir::ValueId input = node.input(0);
  // A graph's output keeps its name, which an input, a constant or another output cannot take over.
  const bool is_fixed = graph.producer(input) == nullptr || graph.is_output(input);
  if (graph.is_output(node.output()) && is_fixed) return std::nullopt;
  Patch patch;
  patch.replace_uses(node.output(), input);
  return patch;
}

}  // namespace

const Rule kEliminateIdentity{"eliminate_identity", kOperators, apply};

}  // namespace lathe::passes
