#include "ops/op_def.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

// Operators that move or select elements do the same to quantized ones: of their first input, or
// of all where these are alike (Concat).
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
  if (op == nullptr || !(op->traits.moves_elements || op->traits.selects_elements) ||
      node.outputs.size() != 1) {
    return std::nullopt;
  }
  const auto y = quantized_to(graph, node.output());
  if (!y || y->clips()) return std::nullopt;  // no kernel clips what has only moved
  ir::Node moved{.name = node.name,
                 .domain = node.domain,
                 .op_type = node.op_type,
                 .inputs = node.inputs,
                 .attributes = node.attributes};
  const std::size_t data_inputs =
      op->signature->max_inputs == ops::kVariadic ? node.inputs.size() : 1;
  for (std::size_t i = 0; i < data_inputs; ++i) {
    const auto x = dequantized_from(graph, node.input(i));
    if (!x || !x->same_parameters(*y)) return std::nullopt;
    moved.inputs[i] = x->value;
  }
  Patch patch;
  replace_result(*y, patch.add_node(std::move(moved)), patch);
  return patch;
}

}  // namespace

const Rule kIntegerizeMovement{"integerize_movement", {}, apply};

}  // namespace lathe::passes
