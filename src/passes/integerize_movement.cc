#include "ops/op_def.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

// Operators that move or select elements do the same to quantized ones: of their first input, or of
// all (Concat). What has another scale than the result is quantized anew: before a Concat, behind
// all others.
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
  const bool variadic = op->signature->max_inputs == ops::kVariadic;
  Patch patch;
  const auto quantize = [&](ir::ValueId value) {
    return patch.add_node(
        {.op_type = "QuantizeLinear", .inputs = {value, y->scale, zero_point_of(*y, patch)}});
  };
  std::optional<QuantizedValue> last;
  for (std::size_t i = 0; i < (variadic ? node.inputs.size() : 1); ++i) {
    last = dequantized_from(graph, node.input(i));
    if (!last) return std::nullopt;
    const bool same = last->same_parameters(*y);
    moved.inputs[i] = same || !variadic ? last->value : quantize(node.input(i));
  }
  ir::ValueId made = patch.add_node(std::move(moved));
  if (!variadic && !last->same_parameters(*y)) {
    const ir::ValueId real =
        patch.add_node({.op_type = "DequantizeLinear",
                        .inputs = {made, last->scale, zero_point_of(*last, patch)}});
    made = quantize(real);
  }
  replace_result(*y, made, patch);
  return patch;
}

}  // namespace

const Rule kIntegerizeMovement{"integerize_movement", {}, apply};

}  // namespace lathe::passes
