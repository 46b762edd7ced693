#include "ir/domains.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"
#include "passes/transposed_convolution.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"ConvTranspose"};

// As one integer convolution and the interleaving of its channels. Without a QuantizeLinear behind
// it the result stays float32.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto x = dequantized_from(graph, node.input(0));
  auto w = quantized_weights(graph, node.input(1), 1);
  if (!x || !w) return std::nullopt;
  const ir::Tensor& weights = *graph.constant(w->value);
  const auto transposed = transposed_convolution(graph, node, weights);
  if (!transposed) return std::nullopt;
  Patch patch;
  const auto constant = [&](ir::ValueId like, ir::Tensor tensor) {
    return patch.add_constant(graph.value(like).name + ".phases", std::move(tensor));
  };
  const ir::Tensor* zero = graph.constant(w->zero_point);
  const std::vector<std::int64_t> fill =
      zero == nullptr ? std::vector<std::int64_t>{0} : zero->to_int64s();
  // Scales of a group's channels are those of each group's.
  const std::int64_t channels = transposed->group * transposed->group_outputs;
  QuantizedWeights each = *w;
  if (each.scales.size() > 1) {
    each.scales.clear();
    for (std::int64_t c = 0; c < channels; ++c)
      each.scales.push_back(w->scales[static_cast<std::size_t>(c) % w->scales.size()]);
  }
  const auto bias = quantized_bias(graph, node.input(2), *x, each, channels);
  if (!bias) return std::nullopt;
  ir::Node conv{
      .name = node.name,
      .domain = std::string(ir::kLatheDomain),
      .op_type = "QConv",
      .inputs = {x->value, x->scale, zero_point_of(*x, patch),
                 constant(w->value, transposed->weights(weights, fill)),
                 constant(w->scale, transposed->per_channel(*graph.constant(w->scale))),
                 zero == nullptr ? zero_point_of(*w, patch)
                                 : constant(w->zero_point, transposed->per_channel(*zero))},
      .attributes = transposed->convolution};
  const auto y = quantized_to(graph, node.output());
  if (y) {
    conv.domain = "";
    conv.op_type = "QLinearConv";
    conv.inputs.push_back(y->scale);
    conv.inputs.push_back(zero_point_of(*y, patch));
  }
  if (bias->defined()) {
    conv.inputs.push_back(constant(node.input(2), transposed->per_channel(*bias)));
  }
  ir::ValueId made = patch.add_node(std::move(conv));
  if (y) made = clipped(*y, made, patch);
  patch.replace_uses(y ? y->value : node.output(), transposed->assemble(made, patch));
  return patch;
}

}  // namespace

const Rule kIntegerizeConvTranspose{"integerize_conv_transpose", kOperators, apply};

}  // namespace lathe::passes
