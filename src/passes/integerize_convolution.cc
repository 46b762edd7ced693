#include "ir/domains.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Conv"};

// Without a QuantizeLinear behind it the result stays float32.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto x = dequantized_from(graph, node.input(0));
  const auto w = quantized_weights(graph, node.input(1), 0);
  if (!x || !w) return std::nullopt;
  Patch patch;
  const auto bias =
      integer_bias(graph, node.input(2), *x, *w, graph.constant(w->value)->dim(0), patch);
  if (!bias) return std::nullopt;
  ir::Node conv{.name = node.name,
                .domain = std::string(ir::kLatheDomain),
                .op_type = "QConv",
                .inputs = {x->value, x->scale, zero_point_of(*x, patch), w->value, w->scale,
                           zero_point_of(*w, patch)},
                .attributes = node.attributes};
  const auto y = quantized_to(graph, node.output());
  if (y) {
    conv.domain = "";
    conv.op_type = "QLinearConv";
    conv.inputs.push_back(y->scale);
    conv.inputs.push_back(zero_point_of(*y, patch));
  }
  conv.inputs.push_back(*bias);
  const ir::ValueId made = patch.add_node(std::move(conv));
  if (y) {
    replace_result(*y, made, patch);
  } else {
    patch.replace_uses(node.output(), made);
  }
  return patch;
}

}  // namespace

const Rule kIntegerizeConvolution{"integerize_convolution", kOperators, apply};

}  // namespace lathe::passes
