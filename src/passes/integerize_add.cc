#include "ir/domains.h"
#include "ops/shape_math.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Add"};

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto a = dequantized_from(graph, node.input(0));
  const auto b = dequantized_from(graph, node.input(1));
  const auto y = quantized_to(graph, node.output());
  if (!a || !b || !y) return std::nullopt;
  if (!ops::same_extents(graph.tensor_type(node.input(0)), graph.tensor_type(node.input(1))))
    return std::nullopt;
  Patch patch;
  const ir::ValueId made =
      patch.add_node({.name = node.name,
                      .domain = std::string(ir::kMicrosoftDomain),
                      .op_type = "QLinearAdd",
                      .inputs = {a->value, a->scale, zero_point_of(*a, patch), b->value, b->scale,
                                 zero_point_of(*b, patch), y->scale, zero_point_of(*y, patch)}});
  replace_result(*y, made, patch);
  return patch;
}

}  // namespace

const Rule kIntegerizeAdd{"integerize_add", kOperators, apply};

}  // namespace lathe::passes
