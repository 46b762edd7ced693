// An If whose condition is known becomes the branch that is taken.
#include "ops/known_values.h"
#include "passes/inline_graph.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"If"};

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  ops::KnownValues values(graph);
  const ir::Tensor* condition = values.constant(node.input(0));
  if (condition == nullptr || condition->num_elements() != 1) return std::nullopt;
  const std::string_view taken = condition->get_int64(0) != 0 ? "then_branch" : "else_branch";
  const auto& branch = std::get<ir::Subgraph>(node.attributes.find(taken)->second);
  Patch patch;
  ASSIGN_OR_RETURN(const std::vector<ir::ValueId> outputs,
                   inline_graph(patch, *branch.graph, {}, branch.captures));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != ir::kNoValue) replace_output(patch, graph, node.outputs[i], outputs[i]);
  }
  return patch;
}

}  // namespace

const Rule kInlineIf{"inline_if", kOperators, apply};

}  // namespace lathe::passes
