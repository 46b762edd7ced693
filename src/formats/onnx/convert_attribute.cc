#include "formats/onnx/convert_attribute.h"

#include <onnx/onnx_pb.h>

#include "formats/onnx/convert_graph.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/convert_type.h"
#include "formats/onnx/names.h"

namespace lathe::formats {
namespace {

using Proto = onnx::AttributeProto;

struct Filled {
  Proto::AttributeType type;
  std::string_view name;
  bool filled;
};

// Which fields hold something, in the order of the specification.
std::vector<Filled> filled_fields(const Proto& proto) {
  return {
      {Proto::FLOAT, "float", proto.has_f()},
      {Proto::INT, "int", proto.has_i()},
      {Proto::STRING, "string", proto.has_s()},
      {Proto::TENSOR, "tensor", proto.has_t()},
      {Proto::GRAPH, "graph", proto.has_g()},
      {Proto::FLOATS, "floats", proto.floats_size() > 0},
      {Proto::INTS, "ints", proto.ints_size() > 0},
      {Proto::STRINGS, "strings", proto.strings_size() > 0},
      {Proto::TENSORS, "tensors", proto.tensors_size() > 0},
      {Proto::GRAPHS, "graphs", proto.graphs_size() > 0},
      {Proto::SPARSE_TENSOR, "sparse tensor", proto.has_sparse_tensor()},
      {Proto::SPARSE_TENSORS, "sparse tensors", proto.sparse_tensors_size() > 0},
      {Proto::TYPE_PROTO, "type", proto.has_tp()},
      {Proto::TYPE_PROTOS, "types", proto.type_protos_size() > 0},
  };
}

Result<Proto::AttributeType> attribute_type(const Proto& proto) {
  const std::vector<Filled> fields = filled_fields(proto);
  std::string_view declared_name;
  for (const Filled& field : fields) {
    if (proto.has_type() && field.type == proto.type()) declared_name = field.name;
  }
  const Filled* value = nullptr;
  for (const Filled& field : fields) {
    if (!field.filled) continue;
    if (!declared_name.empty() && field.type != proto.type()) {
      return invalid_data("is declared as {}, but has {}", declared_name, field.name);
    }
    if (value != nullptr) return invalid_data("has both {} and {}", value->name, field.name);
    value = &field;
  }
  if (!declared_name.empty()) return proto.type();
  if (value == nullptr) return invalid_data("has neither type nor value");
  return value->type;
}

Result<ir::Subgraph> subgraph(onnx::GraphProto& proto, ExternalData& external) {
  ASSIGN_OR_RETURN(ir::Graph graph, graph_from_proto(proto, external, GraphPlace::kInner));
  return ir::Subgraph{std::make_shared<const ir::Graph>(std::move(graph))};
}

}  // namespace

Result<ir::Attribute> attribute_from_proto(Proto& proto, ExternalData& external) {
  if (!proto.ref_attr_name().empty()) {
    return invalid_data("refers to attribute '{}' of a function, but is not in one",
                        printable(proto.ref_attr_name()));
  }
  ASSIGN_OR_RETURN(const Proto::AttributeType type, attribute_type(proto));
  switch (type) {
    case Proto::FLOAT:
      return ir::Attribute(proto.f());
    case Proto::INT:
      return ir::Attribute(std::int64_t{proto.i()});
    case Proto::STRING:
      return ir::Attribute(proto.s());
    case Proto::TENSOR: {
      ASSIGN_OR_RETURN(ir::Tensor tensor, tensor_from_proto(*proto.mutable_t(), external));
      return ir::Attribute(std::move(tensor));
    }
    case Proto::GRAPH: {
      ASSIGN_OR_RETURN(ir::Subgraph graph, subgraph(*proto.mutable_g(), external));
      return ir::Attribute(std::move(graph));
    }
    case Proto::FLOATS:
      return ir::Attribute(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case Proto::INTS:
      return ir::Attribute(std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end()));
    case Proto::STRINGS:
      return ir::Attribute(
          std::vector<std::string>(proto.strings().begin(), proto.strings().end()));
    case Proto::TENSORS: {
      std::vector<ir::Tensor> tensors;
      for (onnx::TensorProto& item : *proto.mutable_tensors()) {
        ASSIGN_OR_RETURN(ir::Tensor tensor, tensor_from_proto(item, external));
        tensors.push_back(std::move(tensor));
      }
      return ir::Attribute(std::move(tensors));
    }
    case Proto::GRAPHS: {
      std::vector<ir::Subgraph> graphs;
      for (onnx::GraphProto& item : *proto.mutable_graphs()) {
        ASSIGN_OR_RETURN(ir::Subgraph graph, subgraph(item, external));
        graphs.push_back(std::move(graph));
      }
      return ir::Attribute(std::move(graphs));
    }
    case Proto::SPARSE_TENSOR:
    case Proto::SPARSE_TENSORS:
      return unsupported("sparse tensors are not supported");
    case Proto::TYPE_PROTO: {
      ASSIGN_OR_RETURN(ir::Type held, type_from_proto(proto.tp()));
      return ir::Attribute(std::move(held));
    }
    default:
      return unsupported("lists of types are not supported");
  }
}

namespace {

struct AttributeWriter {
  const WrittenNames& names;
  Proto& proto;

  void operator()(std::int64_t value) const {
    proto.set_type(Proto::INT);
    proto.set_i(value);
  }
  void operator()(float value) const {
    proto.set_type(Proto::FLOAT);
    proto.set_f(value);
  }
  void operator()(const std::string& value) const {
    proto.set_type(Proto::STRING);
    proto.set_s(value);
  }
  void operator()(const ir::Tensor& value) const {
    proto.set_type(Proto::TENSOR);
    tensor_to_proto(value, *proto.mutable_t());
  }
  void operator()(const ir::Subgraph& value) const {
    proto.set_type(Proto::GRAPH);
    subgraph_to_proto(value, names, *proto.mutable_g());
  }
  void operator()(const ir::Type& value) const {
    proto.set_type(Proto::TYPE_PROTO);
    type_to_proto(value, *proto.mutable_tp());
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    proto.set_type(Proto::INTS);
    proto.mutable_ints()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<float>& values) const {
    proto.set_type(Proto::FLOATS);
    proto.mutable_floats()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<std::string>& values) const {
    proto.set_type(Proto::STRINGS);
    for (const std::string& value : values) proto.add_strings(value);
  }
  void operator()(const std::vector<ir::Tensor>& values) const {
    proto.set_type(Proto::TENSORS);
    for (const ir::Tensor& value : values) tensor_to_proto(value, *proto.add_tensors());
  }
  void operator()(const std::vector<ir::Subgraph>& values) const {
    proto.set_type(Proto::GRAPHS);
    for (const ir::Subgraph& value : values) subgraph_to_proto(value, names, *proto.add_graphs());
  }
};

}  // namespace

void attribute_to_proto(const std::string& name, const ir::Attribute& attribute,
                        const WrittenNames& names, Proto& proto) {
  proto.set_name(name);
  std::visit(AttributeWriter{names, proto}, attribute);
}

}  // namespace lathe::formats
