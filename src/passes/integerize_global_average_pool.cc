#include "ir/domains.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"GlobalAveragePool"};

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto x = dequantized_from(graph, node.input(0));
  const auto y = quantized_to(graph, node.output());
  if (!x || !y) return std::nullopt;
  Patch patch;
  const ir::ValueId made = patch.add_node({.name = node.name,
                                           .domain = std::string(ir::kMicrosoftDomain),
                                           .op_type = "QLinearGlobalAveragePool",
                                           .inputs = {x->value, x->scale, zero_point_of(*x, patch),
                                                      y->scale, zero_point_of(*y, patch)}});
  replace_result(*y, made, patch);
  return patch;
}

}  // namespace

const Rule kIntegerizeGlobalAveragePool{"integerize_global_average_pool", kOperators, apply};

}  // namespace lathe::passes
