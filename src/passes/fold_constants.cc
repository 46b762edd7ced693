#include <algorithm>

#include "ops/evaluate.h"
#include "passes/passes.h"

namespace lathe::passes {

PassResult fold_constants(const ir::Graph& graph) {
  std::optional<ir::Graph> rewritten;
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
  for (const ir::NodeId id : order) {
    const ir::Graph& current = rewritten ? *rewritten : graph;
    const ir::Node node = current.node(id);
    std::vector<ir::Tensor> inputs;
    std::size_t input_bytes = 0;
    for (const ir::ValueId input : node.inputs) {
      if (input == ir::kNoValue) {
        inputs.emplace_back();
        continue;
      }
      const ir::Tensor* constant = current.constant(input);
      if (constant == nullptr) break;
      input_bytes += constant->num_bytes();
      inputs.push_back(*constant);
    }
    const bool to_output =
        std::any_of(node.outputs.begin(), node.outputs.end(),
                    [&](ir::ValueId v) { return v != ir::kNoValue && current.is_output(v); });
    if (inputs.size() != node.inputs.size() || inputs.empty() || to_output) continue;
    ASSIGN_OR_RETURN(const std::vector<ir::Tensor> outputs, ops::evaluate_node(node, inputs));
    std::size_t output_bytes = 0;
    for (const ir::Tensor& output : outputs) output_bytes += output.num_bytes();
    if (output_bytes > std::max(input_bytes, kFoldedBytes)) continue;

    if (!rewritten) rewritten = graph;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == ir::kNoValue) continue;
      const std::string name = rewritten->value(node.outputs[i]).name;
      rewritten->replace_uses(node.outputs[i], rewritten->add_constant(name, outputs[i]));
    }
    rewritten->remove_node(id);
  }
  return rewritten;
}

}  // namespace lathe::passes
