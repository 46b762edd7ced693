#include <onnx/onnx_pb.h>

#include "formats/onnx/convert_attribute.h"
#include "formats/onnx/convert_graph.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/convert_type.h"

namespace lathe::formats {
namespace {

void node_to_proto(const ir::Node& node, const WrittenNames& names, onnx::NodeProto& proto) {
  for (const ir::ValueId id : node.inputs) proto.add_input(names[id]);
  for (const ir::ValueId id : node.outputs) proto.add_output(names[id]);
  while (proto.output_size() > 0 && proto.output(proto.output_size() - 1).empty()) {
    proto.mutable_output()->RemoveLast();
  }
  if (!node.name.empty()) proto.set_name(node.name);
  if (!node.domain.empty()) proto.set_domain(node.domain);
  proto.set_op_type(node.op_type);
  for (const auto& [key, attribute] : node.attributes) {
    attribute_to_proto(key, attribute, names, *proto.add_attribute());
  }
}

void value_to_proto(const ir::Value& value, const std::string& name, onnx::ValueInfoProto& proto) {
  proto.set_name(name);
  if (value.type.known()) type_to_proto(value.type, *proto.mutable_type());
}

void write_graph(const ir::Graph& graph, const WrittenNames& names, bool value_info,
                 onnx::GraphProto& proto) {
  proto.set_name(graph.name.empty() ? "main" : graph.name);
  // The specification wants makers before readers. A subgraph may have no such order only by a
  // fault that its own verifier reports.
  for (const ir::NodeId id : graph.topological_order().value_or(graph.node_ids()))
    node_to_proto(graph.node(id), names, *proto.add_node());
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const auto id = static_cast<ir::ValueId>(i);
    const ir::Value& value = graph.value(id);
    if (value.constant && (!value.readers.empty() || value.is_output)) {
      onnx::TensorProto& initializer = *proto.add_initializer();
      initializer.set_name(names[id]);
      tensor_to_proto(*value.constant, initializer);
    } else if (value_info && value.producer != ir::kNoNode && !value.is_output &&
               value.type.known()) {
      value_to_proto(value, names[id], *proto.add_value_info());
    }
  }
  for (const ir::ValueId id : graph.inputs())
    value_to_proto(graph.value(id), names[id], *proto.add_input());
  for (const ir::ValueId id : graph.outputs())
    value_to_proto(graph.value(id), names[id], *proto.add_output());
}

}  // namespace

WrittenNames::WrittenNames(const ir::Graph& graph) {
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    names_.push_back(graph.value(static_cast<ir::ValueId>(i)).name);
    used_.insert(names_.back());
  }
}

WrittenNames::WrittenNames(const ir::Subgraph& subgraph, const WrittenNames& around)
    : around_(&around), names_(subgraph.graph->value_count()) {
  const ir::Graph& graph = *subgraph.graph;
  for (std::size_t i = 0; i < subgraph.captures.size(); ++i)
    names_[static_cast<std::size_t>(graph.captures()[i])] = around[subgraph.captures[i]];
  std::size_t number = 0;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!names_[i].empty()) continue;  // a capture
    const std::string& wanted = graph.value(static_cast<ir::ValueId>(i)).name;
    std::string name = wanted;
    while (is_taken(name)) name = fmt::format("{}_{}", wanted, ++number);
    used_.insert(name);
    names_[i] = std::move(name);
  }
}

bool WrittenNames::is_taken(const std::string& name) const {
  for (const WrittenNames* names = this; names != nullptr; names = names->around_) {
    if (names->used_.contains(name)) return true;
  }
  return false;
}

const std::string& WrittenNames::operator[](ir::ValueId id) const {
  static const std::string kAbsent;
  return id == ir::kNoValue ? kAbsent : names_.at(static_cast<std::size_t>(id));
}

void graph_to_proto(const ir::Graph& graph, onnx::GraphProto& proto, bool value_info) {
  write_graph(graph, WrittenNames(graph), value_info, proto);
}

void subgraph_to_proto(const ir::Subgraph& subgraph, const WrittenNames& around,
                       onnx::GraphProto& proto) {
  write_graph(*subgraph.graph, WrittenNames(subgraph, around), false, proto);
}

}  // namespace lathe::formats
