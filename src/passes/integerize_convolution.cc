#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Conv"};

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto x = dequantized_from(graph, node.input(0));
  const auto w = quantized_weights(graph, node.input(1), 0);
  const auto y = quantized_to(graph, node.output());
  if (!x || !w || !y) return std::nullopt;
  Patch patch;
  const auto bias =
      integer_bias(graph, node.input(2), *x, *w, graph.constant(w->value)->dim(0), patch);
  if (!bias) return std::nullopt;
  const ir::ValueId made = patch.add_node(
      {.name = node.name,
       .op_type = "QLinearConv",
       .inputs = {x->value, x->scale, zero_point_of(*x, patch), w->value, w->scale,
                  zero_point_of(*w, patch), y->scale, zero_point_of(*y, patch), *bias},
       .attributes = node.attributes});
  replace_result(*y, made, patch);
  return patch;
}

}  // namespace

const Rule kIntegerizeConvolution{"integerize_convolution", kOperators, apply};

}  // namespace lathe::passes
