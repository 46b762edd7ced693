#include "passes/inline_graph.h"

namespace lathe::passes {

Result<std::vector<ir::ValueId>> inline_graph(Patch& patch, const ir::Graph& body,
                                              std::span<const ir::ValueId> inputs,
                                              std::span<const ir::ValueId> captures) {
  std::vector<ir::ValueId> outside(body.value_count(), ir::kNoValue);
  const auto place = [&](ir::ValueId id) -> ir::ValueId& {
    return outside[static_cast<std::size_t>(id)];
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) place(body.inputs()[i]) = inputs[i];
  for (std::size_t i = 0; i < captures.size(); ++i) place(body.captures()[i]) = captures[i];
  const auto read = [&](ir::ValueId id) {
    if (id == ir::kNoValue) return id;
    const ir::Tensor* constant = body.constant(id);
    if (constant != nullptr && place(id) == ir::kNoValue)
      place(id) = patch.add_constant(body.value(id).name, *constant);
    return place(id);
  };
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, body.topological_order());
  for (const ir::NodeId id : order) {
    ir::Node node = body.node(id);
    for (ir::ValueId& input : node.inputs) input = read(input);
    for (ir::Subgraph* subgraph : ir::subgraphs(node))
      for (ir::ValueId& capture : subgraph->captures) capture = read(capture);
    const std::vector<ir::ValueId> made = patch.add_node_of_outputs(std::move(node));
    for (std::size_t i = 0; i < made.size(); ++i)
      if (made[i] != ir::kNoValue) place(body.node(id).outputs[i]) = made[i];
  }
  std::vector<ir::ValueId> outputs;
  for (const ir::ValueId output : body.outputs()) outputs.push_back(read(output));
  return outputs;
}

void replace_output(Patch& patch, const ir::Graph& graph, ir::ValueId from, ir::ValueId to) {
  // A graph's output keeps its name, which another output, an input or a constant cannot take over.
  if (graph.is_output(from))
    to = patch.add_node({.name = "Identity", .op_type = "Identity", .inputs = {to}});
  patch.replace_uses(from, to);
}

}  // namespace lathe::passes
