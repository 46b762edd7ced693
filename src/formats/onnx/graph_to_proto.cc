#include <onnx/onnx_pb.h>

#include "formats/onnx/convert_attribute.h"
#include "formats/onnx/convert_graph.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/convert_type.h"

namespace lathe::formats {
namespace {

void node_to_proto(const ir::Graph& graph, const ir::Node& node, onnx::NodeProto& proto) {
  const auto name = [&](ir::ValueId id) {
    return id == ir::kNoValue ? std::string() : graph.value(id).name;
  };
  for (const ir::ValueId id : node.inputs) proto.add_input(name(id));
  for (const ir::ValueId id : node.outputs) proto.add_output(name(id));
  while (proto.output_size() > 0 && proto.output(proto.output_size() - 1).empty()) {
    proto.mutable_output()->RemoveLast();
  }
  if (!node.name.empty()) proto.set_name(node.name);
  if (!node.domain.empty()) proto.set_domain(node.domain);
  proto.set_op_type(node.op_type);
  for (const auto& [key, attribute] : node.attributes) {
    attribute_to_proto(key, attribute, *proto.add_attribute());
  }
}

void value_to_proto(const ir::Value& value, onnx::ValueInfoProto& proto) {
  proto.set_name(value.name);
  if (value.type.data_type != ir::DataType::kUndefined) {
    type_to_proto(value.type, *proto.mutable_type());
  }
}

bool has_subgraphs(const ir::Graph& graph) {
  for (const ir::NodeId id : graph.node_ids()) {
    for (const auto& [key, attribute] : graph.node(id).attributes) {
      if (std::holds_alternative<ir::GraphPtr>(attribute) ||
          std::holds_alternative<std::vector<ir::GraphPtr>>(attribute)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

void graph_to_proto(const ir::Graph& graph, onnx::GraphProto& proto, bool value_info) {
  proto.set_name(graph.name.empty() ? "main" : graph.name);
  // What a subgraph reads of the graph around it is no input of the node that has it.
  std::vector<bool> used(graph.value_count(), has_subgraphs(graph));
  std::vector<bool> is_output(graph.value_count(), false);
  for (const ir::ValueId id : graph.outputs()) {
    used[static_cast<std::size_t>(id)] = true;
    is_output[static_cast<std::size_t>(id)] = true;
  }
  // The specification wants makers before readers. A subgraph may have no such order only by a
  // fault that its own verifier reports.
  for (const ir::NodeId id : graph.topological_order().value_or(graph.node_ids())) {
    node_to_proto(graph, graph.node(id), *proto.add_node());
    for (const ir::ValueId input : graph.node(id).inputs) {
      if (input != ir::kNoValue) used[static_cast<std::size_t>(input)] = true;
    }
  }
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const ir::Value& value = graph.value(static_cast<ir::ValueId>(i));
    if (value.constant && used[i]) {
      onnx::TensorProto& initializer = *proto.add_initializer();
      initializer.set_name(value.name);
      tensor_to_proto(*value.constant, initializer);
    } else if (value_info && value.producer != ir::kNoNode && !is_output[i] &&
               value.type.data_type != ir::DataType::kUndefined) {
      value_to_proto(value, *proto.add_value_info());
    }
  }
  for (const ir::ValueId id : graph.inputs()) value_to_proto(graph.value(id), *proto.add_input());
  for (const ir::ValueId id : graph.outputs()) value_to_proto(graph.value(id), *proto.add_output());
}

}  // namespace lathe::formats
