#include "ir/domains.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Add", "Sub", "Mul"};

// Addition and multiplication of two quantized values, broadcast. A difference is the sum with what
// has the negative scale. A function of a single value is left to its table.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto a = dequantized_from(graph, node.input(0));
  auto b = dequantized_from(graph, node.input(1));
  const auto y = quantized_to(graph, node.output());
  if (!a || !b || !y || function_of_one(graph, graph.value(y->value).producer)) return std::nullopt;
  Patch patch;
  if (node.is("Sub")) {
    b->scale = patch.add_constant(graph.value(b->scale).name + ".negative",
                                  ir::Tensor::scalar(-b->scale_value));
  }
  const ir::ValueId made =
      patch.add_node({.name = node.name,
                      .domain = std::string(ir::kMicrosoftDomain),
                      .op_type = node.is("Mul") ? "QLinearMul" : "QLinearAdd",
                      .inputs = {a->value, a->scale, zero_point_of(*a, patch), b->value, b->scale,
                                 zero_point_of(*b, patch), y->scale, zero_point_of(*y, patch)}});
  replace_result(*y, made, patch);
  return patch;
}

}  // namespace

const Rule kIntegerizeBinary{"integerize_binary", kOperators, apply};

}  // namespace lathe::passes
