#include "passes/passes.h"

namespace lathe::passes {

PassResult eliminate_identity(const ir::Graph& graph) {
  std::optional<ir::Graph> rewritten;
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& node = graph.node(id);
    const bool mask_used = node.outputs.size() > 1 && node.outputs[1] != ir::kNoValue;
    if (!node.is("Identity") && !(node.is("Dropout") && !mask_used)) continue;
    if (!rewritten) rewritten = graph;
    // The copy is read, since an earlier step may have changed this node's input.
    const ir::ValueId input = rewritten->node(id).input(0);
    const bool input_to_output =
        rewritten->value(input).producer == ir::kNoNode || rewritten->is_output(input);
    if (rewritten->is_output(node.output()) && input_to_output) continue;
    rewritten->replace_uses(node.output(), input);
    rewritten->remove_node(id);
  }
  if (rewritten && rewritten->node_count() == graph.node_count()) return std::optional<ir::Graph>{};
  return rewritten;
}

}  // namespace lathe::passes
