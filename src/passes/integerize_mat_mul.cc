#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"MatMul"};

// By constant weights, with scales for all or one per column, or of two computed operands.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto a = dequantized_from(graph, node.input(0));
  const auto y = quantized_to(graph, node.output());
  if (!a || !y) return std::nullopt;
  Patch patch;
  ir::Node product{.name = node.name,
                   .op_type = "QLinearMatMul",
                   .inputs = {a->value, a->scale, zero_point_of(*a, patch)}};
  const auto add = [&](ir::ValueId value, ir::ValueId scale, ir::ValueId zero) {
    product.inputs.insert(product.inputs.end(), {value, scale, zero});
  };
  if (const auto b = dequantized_from(graph, node.input(1))) {
    add(b->value, b->scale, zero_point_of(*b, patch));
  } else if (const auto w = quantized_weights(graph, node.input(1), 1);
             w && graph.constant(w->value)->rank() == 2) {
    add(w->value, w->scale, zero_point_of(*w, patch));
  } else {
    return std::nullopt;
  }
  add(y->scale, zero_point_of(*y, patch), ir::kNoValue);
  product.inputs.pop_back();
  replace_result(*y, patch.add_node(std::move(product)), patch);
  return patch;
}

}  // namespace

const Rule kIntegerizeMatMul{"integerize_mat_mul", kOperators, apply};

}  // namespace lathe::passes
