#include "ir/print.h"

#include <fmt/ranges.h>

namespace lathe::ir {
namespace {

std::string describe_value(const Graph& graph, ValueId id) {
  return fmt::format("{}: {}", graph.value(id).name, graph.value(id).type.to_string());
}

// A scalar constant prints its value, a larger one its type, a computed value its name.
std::string describe_operand(const Graph& graph, ValueId id) {
  if (id == kNoValue) return "_";
  const Tensor* constant = graph.constant(id);
  if (constant == nullptr) return graph.value(id).name;
  if (constant->num_elements() == 1 && is_numeric(constant->data_type())) {
    return fmt::format("{}", constant->get_double(0));
  }
  return describe_value(graph, id);
}

std::string describe_values(const Graph& graph, std::span<const ValueId> ids) {
  std::vector<std::string> parts;
  for (const ValueId id : ids) parts.push_back(id == kNoValue ? "_" : describe_value(graph, id));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string to_text(const Graph& graph) {
  std::string text =
      fmt::format("graph {} ({}) -> ({})\n", graph.name, describe_values(graph, graph.inputs()),
                  describe_values(graph, graph.outputs()));
  const auto order = graph.topological_order();
  for (const NodeId id : order.ok() ? *order : graph.node_ids()) {
    const Node& node = graph.node(id);
    std::vector<std::string> operands;
    for (const ValueId input : node.inputs) operands.push_back(describe_operand(graph, input));
    text += fmt::format("  {} = {}({})", describe_values(graph, node.outputs),
                        node.qualified_type(), fmt::join(operands, ", "));
    std::vector<std::string> attributes;
    for (const auto& [name, value] : node.attributes) {
      attributes.push_back(fmt::format("{}={}", name, to_string(value)));
    }
    text += attributes.empty() ? "\n" : fmt::format(" {{{}}}\n", fmt::join(attributes, ", "));
  }
  return text;
}

}  // namespace lathe::ir
