#include <onnx/onnx_pb.h>
#include <unordered_map>
#include <unordered_set>

#include "formats/onnx/convert_attribute.h"
#include "formats/onnx/convert_graph.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/convert_type.h"
#include "formats/onnx/describe.h"
#include "formats/onnx/names.h"
#include "ops/common_type.h"

namespace lathe::formats {
namespace {

// The type of a value. What files say of the extents of a container's items is that of one item, or
// of none at all.
Result<ir::Type> value_type(const onnx::TypeProto& proto) {
  ASSIGN_OR_RETURN(ir::Type type, type_from_proto(proto));
  return type.is_tensor() ? type : ops::without_shapes(type);
}

class GraphReader {
 public:
  GraphReader(onnx::GraphProto& proto, ExternalData& external, GraphPlace place)
      : proto_(proto), external_(external), place_(place) {}

  Result<ir::Graph> read() {
    RETURN_IF_ERROR(check_name(proto_.name(), "graph name"));
    if (!proto_.name().empty()) graph_.name = proto_.name();
    if (proto_.sparse_initializer_size() > 0) {
      return unsupported("sparse initializer '{}': sparse tensors are not supported",
                         printable(proto_.sparse_initializer(0).values().name()));
    }
    RETURN_IF_ERROR(collect_initializer_names());
    for (const onnx::ValueInfoProto& input : proto_.input()) RETURN_IF_ERROR(read_input(input));
    for (onnx::TensorProto& initializer : *proto_.mutable_initializer()) {
      RETURN_IF_ERROR(read_initializer(initializer));
    }
    for (int i = 0; i < proto_.node_size(); ++i) RETURN_IF_ERROR(declare_outputs(i));
    for (int i = 0; i < proto_.node_size(); ++i) RETURN_IF_ERROR(read_node(i));
    RETURN_IF_ERROR(read_outputs());
    for (const onnx::ValueInfoProto& info : proto_.value_info()) {
      RETURN_IF_ERROR(read_value_info(info));
    }
    return std::move(graph_);
  }

 private:
  Status collect_initializer_names() {
    for (int i = 0; i < proto_.initializer_size(); ++i) {
      const std::string& name = proto_.initializer(i).name();
      if (name.empty()) return invalid_data("initializer {} has no name", i);
      RETURN_IF_ERROR(check_name(name, "initializer"));
      if (!initializer_names_.insert(name).second) {
        return invalid_data("initializer '{}' is there twice", printable(name));
      }
    }
    return {};
  }

  Status read_input(const onnx::ValueInfoProto& input) {
    const std::string place = fmt::format("input '{}'", printable(input.name()));
    if (input.name().empty()) return invalid_data("input {} has no name", graph_.inputs().size());
    RETURN_IF_ERROR(check_name(input.name(), "input"));
    ir::Type type;
    if (place_ == GraphPlace::kOutermost || input.has_type()) {
      auto declared = value_type(input.type());
      if (!declared.ok()) return declared.error().with_context(place);
      type = std::move(declared).value();
    }
    if (initializer_names_.contains(input.name())) {
      if (!initializer_types_.emplace(input.name(), std::move(type)).second) {
        return invalid_data("{} is there twice", place);
      }
      return {};
    }
    if (values_.contains(input.name())) return invalid_data("{} is there twice", place);
    values_.emplace(input.name(), graph_.add_input(input.name(), std::move(type)));
    return {};
  }

  Status read_initializer(onnx::TensorProto& initializer) {
    const std::string place = fmt::format("initializer '{}'", printable(initializer.name()));
    auto tensor = tensor_from_proto(initializer, external_);
    if (!tensor.ok()) return tensor.error().with_context(place);
    if (const auto it = initializer_types_.find(initializer.name());
        it != initializer_types_.end() && it->second.known() &&
        it->second.tensor().data_type != tensor->data_type()) {
      return invalid_data("{}: is {}, but the input of that name is {}", place,
                          tensor->type().to_string(), it->second.to_string());
    }
    values_.emplace(initializer.name(),
                    graph_.add_constant(initializer.name(), std::move(tensor).value()));
    return {};
  }

  Status declare_outputs(int index) {
    for (const std::string& name : proto_.node(index).output()) {
      if (name.empty()) continue;
      const std::string place = describe_proto_node(proto_.node(index), index);
      RETURN_IF_ERROR(check_name(name, fmt::format("{}: output", place)));
      const auto [it, added] = values_.emplace(name, ir::kNoValue);
      if (!added) {
        return invalid_data("{}: output '{}' is the name of another value too", place,
                            printable(name));
      }
      it->second = graph_.add_value(name);
    }
    return {};
  }

  Result<ir::ValueId> find_input(const std::string& name) {
    if (name.empty()) return ir::kNoValue;
    if (const auto it = values_.find(name); it != values_.end()) return it->second;
    if (place_ == GraphPlace::kInner) {
      RETURN_IF_ERROR(check_name(name, "input"));
      const ir::ValueId outer = graph_.add_capture(name);
      values_.emplace(name, outer);
      return outer;
    }
    return invalid_data("input '{}' is not made by any node, input or initializer",
                        printable(name));
  }

  Status read_node(int index) {
    onnx::NodeProto& proto = *proto_.mutable_node(index);
    auto node = convert_node(proto);
    if (!node.ok()) return node.error().with_context(describe_proto_node(proto, index));
    graph_.add_node(std::move(node).value());
    return {};
  }

  Result<ir::Node> convert_node(onnx::NodeProto& proto) {
    RETURN_IF_ERROR(check_name(proto.name(), "name"));
    RETURN_IF_ERROR(check_name(proto.op_type(), "operator"));
    RETURN_IF_ERROR(check_name(proto.domain(), "domain"));
    if (proto.op_type().empty()) return invalid_data("has no operator type");
    ir::Node node;
    node.name = proto.name();
    node.domain = canonical_domain(proto.domain());
    node.op_type = proto.op_type();
    node.inputs.reserve(static_cast<std::size_t>(proto.input_size()));
    for (const std::string& name : proto.input()) {
      ASSIGN_OR_RETURN(const ir::ValueId id, find_input(name));
      node.inputs.push_back(id);
    }
    for (const std::string& name : proto.output()) {
      node.outputs.push_back(name.empty() ? ir::kNoValue : values_.at(name));
    }
    while (!node.outputs.empty() && node.outputs.back() == ir::kNoValue) node.outputs.pop_back();
    if (node.outputs.empty()) return invalid_data("has no outputs");
    for (onnx::AttributeProto& attribute : *proto.mutable_attribute()) {
      const std::string place = fmt::format("attribute '{}'", printable(attribute.name()));
      if (attribute.name().empty()) return invalid_data("an attribute has no name");
      RETURN_IF_ERROR(check_name(attribute.name(), "attribute"));
      if (node.has_attribute(attribute.name())) return invalid_data("{} is there twice", place);
      auto value = attribute_from_proto(attribute, external_);
      if (!value.ok()) return value.error().with_context(place);
      RETURN_IF_ERROR(find_captures(*value).with_context(place));
      node.attributes.emplace(attribute.name(), std::move(value).value());
    }
    return node;
  }

  // What a graph inside a node reads is looked for here, and further out where this one lacks it.
  Status find_captures(ir::Attribute& attribute) {
    if (auto* one = std::get_if<ir::Subgraph>(&attribute)) return find_captures(*one);
    if (auto* list = std::get_if<std::vector<ir::Subgraph>>(&attribute)) {
      for (ir::Subgraph& subgraph : *list) RETURN_IF_ERROR(find_captures(subgraph));
    }
    return {};
  }

  Status find_captures(ir::Subgraph& subgraph) {
    for (const ir::ValueId id : subgraph.graph->captures()) {
      ASSIGN_OR_RETURN(const ir::ValueId here, find_input(subgraph.graph->value(id).name));
      subgraph.captures.push_back(here);
    }
    return {};
  }

  Status read_outputs() {
    if (proto_.output_size() == 0) return invalid_data("the graph has no outputs");
    std::vector<ir::ValueId> outputs;
    std::unordered_set<ir::ValueId> seen;
    for (const onnx::ValueInfoProto& output : proto_.output()) {
      const std::string place = fmt::format("output '{}'", printable(output.name()));
      if (output.name().empty()) return invalid_data("output {} has no name", outputs.size());
      const auto it = values_.find(output.name());
      if (it == values_.end()) {
        return invalid_data("{} is not made by any node, input or initializer", place);
      }
      if (!seen.insert(it->second).second) return invalid_data("{} is there twice", place);
      // Some exporters write an empty type for the outputs of subgraphs.
      if (output.type().value_case() != onnx::TypeProto::VALUE_NOT_SET) {
        auto type = value_type(output.type());
        if (!type.ok()) return type.error().with_context(place);
        RETURN_IF_ERROR(declare_type(it->second, std::move(type).value(), place));
      }
      outputs.push_back(it->second);
    }
    graph_.set_outputs(std::move(outputs));
    return {};
  }

  // Types of values between nodes help nothing but inference, so one that Lathe has no word for
  // (a sequence, a newer element type) is no reason to refuse the model.
  Status read_value_info(const onnx::ValueInfoProto& info) {
    const auto it = values_.find(info.name());
    if (it == values_.end() || !info.has_type()) return {};
    auto type = value_type(info.type());
    if (!type.ok()) {
      if (type.error().code() == ErrorCode::kUnsupported) return {};
      return type.error().with_context(fmt::format("value_info '{}'", printable(info.name())));
    }
    return declare_type(it->second, std::move(type).value(),
                        fmt::format("value_info '{}'", printable(info.name())));
  }

  // Inputs, constants and values that are declared already keep their type; the element type must
  // agree.
  Status declare_type(ir::ValueId id, ir::Type type, std::string_view place) {
    const ir::Type& known = graph_.type(id);
    if (!known.known()) {
      graph_.set_type(id, std::move(type));
    } else if (known.kind() != type.kind() || known.tensor().data_type != type.tensor().data_type) {
      return invalid_data("{}: is declared as {}, but is {}", place, type.to_string(),
                          known.to_string());
    }
    return {};
  }

  onnx::GraphProto& proto_;
  ExternalData& external_;
  GraphPlace place_;
  ir::Graph graph_;
  std::unordered_set<std::string> initializer_names_;
  std::unordered_map<std::string, ir::Type> initializer_types_;  // of those listed as inputs
  std::unordered_map<std::string, ir::ValueId> values_;
};

}  // namespace

Result<ir::Graph> graph_from_proto(onnx::GraphProto& proto, ExternalData& external,
                                   GraphPlace place) {
  return GraphReader(proto, external, place).read();
}

}  // namespace lathe::formats
