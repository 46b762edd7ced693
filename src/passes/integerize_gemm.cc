#include "ir/domains.h"
#include "ops/attributes.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Gemm"};

// Without a QuantizeLinear behind it the result stays float32.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const ops::Attributes attributes = ops::attributes(node);
  if (attributes.get_float("alpha") != 1 || attributes.get_float("beta") != 1 ||
      attributes.get_bool("transA")) {
    return std::nullopt;
  }
  const std::size_t channel_axis = attributes.get_bool("transB") ? 0 : 1;
  const auto x = dequantized_from(graph, node.input(0));
  const auto w = quantized_weights(graph, node.input(1), static_cast<std::int64_t>(channel_axis));
  if (!x || !w) return std::nullopt;
  Patch patch;
  const auto bias = integer_bias(graph, node.input(2), *x, *w,
                                 graph.constant(w->value)->dim(channel_axis), patch);
  if (!bias) return std::nullopt;
  ir::Node gemm{.name = node.name,
                .domain = std::string(ir::kMicrosoftDomain),
                .op_type = "QGemm",
                .inputs = {x->value, x->scale, zero_point_of(*x, patch), w->value, w->scale,
                           zero_point_of(*w, patch), *bias}};
  if (channel_axis == 0) gemm.attributes.emplace("transB", std::int64_t{1});
  const auto y = quantized_to(graph, node.output());
  if (y) {
    gemm.inputs.push_back(y->scale);
    gemm.inputs.push_back(zero_point_of(*y, patch));
  }
  const ir::ValueId made = patch.add_node(std::move(gemm));
  if (y) {
    replace_result(*y, made, patch);
  } else {
    patch.replace_uses(node.output(), made);
  }
  return patch;
}

}  // namespace

const Rule kIntegerizeGemm{"integerize_gemm", kOperators, apply};

}  // namespace lathe::passes
