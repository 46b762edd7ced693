#include "ops/evaluate.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"DequantizeLinear"};

// Weights that no integer operator reads are float32 once for all runs: a kernel needs them so, and
// they would be dequantized anew in each run.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (graph.is_output(node.output())) return std::nullopt;
  std::vector<ir::Datum> inputs;
  for (const ir::ValueId input : node.inputs) {
    const ir::Tensor* constant = graph.constant(input);
    if (constant == nullptr && input != ir::kNoValue) return std::nullopt;
    inputs.push_back(constant == nullptr ? ir::Datum{} : ir::Datum{*constant});
  }
  const auto evaluated = ops::evaluate_node(node, inputs, {});
  if (!evaluated.ok()) {
    return evaluated.error().with_context(fmt::format("node {}", ir::describe_node(graph, id)));
  }
  Patch patch;
  patch.replace_uses(node.output(), patch.add_constant(graph.value(node.output()).name + ".float",
                                                       *evaluated->front().tensor()));
  return patch;
}

}  // namespace

const Rule kDequantizeConstants{"dequantize_constants", kOperators, apply};

}  // namespace lathe::passes
