#include "formats/onnx/canonicalize.h"

#include <algorithm>

#include "formats/onnx/handlers.h"
#include "formats/onnx/tensor_bytes.h"
#include "ops/infer_shapes.h"

namespace lathe::formats {
namespace {

Result<ir::Tensor> constant_value(const ir::Node& node) {
  if (!node.inputs.empty()) return invalid_data("has {} inputs, expected 0", node.inputs.size());
  if (node.outputs.size() != 1) {
    return invalid_data("has {} outputs, expected 1", node.outputs.size());
  }
  if (node.attributes.size() != 1) {
    return invalid_data("has {} attributes, expected one with its value", node.attributes.size());
  }
  const auto& [key, attribute] = *node.attributes.begin();
  const auto count = [](const auto& values) {
    return std::vector<std::int64_t>{static_cast<std::int64_t>(values.size())};
  };
  if (const auto* tensor = std::get_if<ir::Tensor>(&attribute); tensor && key == "value") {
    return *tensor;
  }
  if (const auto* number = std::get_if<std::int64_t>(&attribute); number && key == "value_int") {
    return ir::Tensor::scalar(*number);
  }
  if (const auto* number = std::get_if<float>(&attribute); number && key == "value_float") {
    return ir::Tensor::scalar(*number);
  }
  if (const auto* text = std::get_if<std::string>(&attribute); text && key == "value_string") {
    return ir::Tensor::scalar(*text);
  }
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&attribute);
      numbers && key == "value_ints") {
    return ir::Tensor::vector_int64(*numbers);
  }
  if (const auto* numbers = std::get_if<std::vector<float>>(&attribute);
      numbers && key == "value_floats") {
    return ir::Tensor::from_values<float>(count(*numbers), *numbers);
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute);
      texts && key == "value_strings") {
    return ir::Tensor::from_values<std::string>(count(*texts), *texts);
  }
  return invalid_data("attribute '{}' is {}, which gives a constant no value", key,
                      ir::attribute_kind_name(attribute));
}

Status fold_constant_node(ir::Graph& graph, ir::NodeId id) {
  ASSIGN_OR_RETURN(ir::Tensor tensor, constant_value(graph.node(id)));
  const ir::ValueId output = graph.node(id).output();
  ir::Value& value = graph.value(output);
  if (value.type.data_type != ir::DataType::kUndefined &&
      value.type.data_type != tensor.data_type()) {
    return invalid_data("output '{}' is declared as {}, but is {}", value.name,
                        value.type.to_string(), tensor.type().to_string());
  }
  graph.remove_node(id);
  value.type = tensor.type();
  value.constant = std::move(tensor);
  return {};
}

const OperatorHandler& handler_of(const ir::Node& node) {
  const OperatorHandler* handler = find_handler(node.domain, node.op_type);
  LATHE_CHECK(handler != nullptr);
  return *handler;
}

bool is_outdated(const ir::Node& node, int opset) {
  return node.domain.empty() && opset < handler_of(node).changed;
}

Status upgrade_node(ir::Graph& graph, ir::NodeId id, UpgradeSession& session,
                    std::vector<ir::NodeId>& result) {
  result = {id};
  if (!is_outdated(graph.node(id), session.opset)) return {};
  if (graph.node(id).output() == ir::kNoValue) return invalid_data("output 0 is missing");
  NodeUpgrade upgrade(graph, id, session);
  RETURN_IF_ERROR(handler_of(graph.node(id)).upgrade(upgrade));
  result.assign(upgrade.result().begin(), upgrade.result().end());
  return {};
}

// Types of what a node makes, as far as upgrades of the nodes behind it need them. What does not
// fit together is left to infer_shapes, which says so.
Status infer_outputs(ir::Graph& graph, ir::NodeId id) {
  ASSIGN_OR_RETURN(const std::vector<ir::TensorType> types, ops::infer_node(graph, graph.node(id)));
  const ir::Node& node = graph.node(id);
  for (std::size_t i = 0; i < std::min(types.size(), node.outputs.size()); ++i) {
    if (node.outputs[i] == ir::kNoValue) continue;
    ir::TensorType& known = graph.value(node.outputs[i]).type;
    if (known.data_type == ir::DataType::kUndefined) known = types[i];
    if (!known.shape && known.data_type == types[i].data_type) known.shape = types[i].shape;
  }
  return {};
}

Status upgrade_nodes(ir::Graph& graph, int opset) {
  const std::vector<ir::NodeId> ids = graph.node_ids();
  const bool any = std::any_of(ids.begin(), ids.end(),
                               [&](ir::NodeId id) { return is_outdated(graph.node(id), opset); });
  if (!any) return {};
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
  UpgradeSession session(graph, opset);
  std::vector<ir::NodeId> added;
  for (const ir::NodeId id : order) {
    const std::string place = fmt::format("node {}", ir::describe_node(graph, id));
    RETURN_IF_ERROR(upgrade_node(graph, id, session, added).with_context(place));
    for (const ir::NodeId node : added) {
      RETURN_IF_ERROR(infer_outputs(graph, node)
                          .with_context(fmt::format("node {}", ir::describe_node(graph, node))));
    }
  }
  return {};
}

// Extents that files state or inference computes must stay those of tensors that can exist.
Status check_sizes(const ir::Graph& graph) {
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const ir::Value& value = graph.value(static_cast<ir::ValueId>(i));
    if (!value.type.shape || value.type.data_type == ir::DataType::kUndefined) continue;
    std::vector<std::int64_t> known;
    for (const ir::Dim& dim : *value.type.shape) {
      if (dim.known()) known.push_back(dim.value());
    }
    if (auto checked = check_extents(value.type.data_type, known); !checked.ok()) {
      const std::string place =
          value.producer == ir::kNoNode
              ? fmt::format("value '{}'", value.name)
              : fmt::format("node {}: output '{}'", ir::describe_node(graph, value.producer),
                            value.name);
      return checked.error().with_context(place);
    }
  }
  return {};
}

}  // namespace

Status canonicalize(ir::Graph& graph, int opset) {
  for (const ir::NodeId id : graph.node_ids()) {
    if (!graph.node(id).is("Constant")) continue;
    const std::string place = fmt::format("node {}", ir::describe_node(graph, id));
    RETURN_IF_ERROR(fold_constant_node(graph, id).with_context(place));
  }
  // Names a node on a cycle, which everything behind this line may rely on not to exist.
  RETURN_IF_ERROR(graph.verify());
  RETURN_IF_ERROR(upgrade_nodes(graph, opset));
  RETURN_IF_ERROR(ops::infer_shapes(graph));
  RETURN_IF_ERROR(check_sizes(graph));
  return graph.compact();
}

}  // namespace lathe::formats
