#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"QuantizeLinear"};

// DequantizeLinear followed by QuantizeLinear with the same parameters is nothing.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto x = dequantized_from(graph, node.input(0));
  const auto y = made_by(graph, node);
  if (!x || !y || !x->same_parameters(*y) || graph.is_output(node.output())) return std::nullopt;
  Patch patch;
  patch.replace_uses(node.output(), x->value);
  return patch;
}

}  // namespace

const Rule kCancelRequantization{"cancel_requantization", kOperators, apply};

}  // namespace lathe::passes
