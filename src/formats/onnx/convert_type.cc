#include "formats/onnx/convert_type.h"

#include <onnx/onnx_pb.h>

#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/names.h"
#include "formats/onnx/tensor_bytes.h"

namespace lathe::formats {
namespace {

Result<ir::Dim> dim_from_proto(const onnx::TensorShapeProto::Dimension& proto, int index) {
  if (proto.has_dim_value()) {
    if (proto.dim_value() < -1) {
      return invalid_data("dimension {} is {}, expected 0 or more", index, proto.dim_value());
    }
    return proto.dim_value() == -1 ? ir::Dim() : ir::Dim(proto.dim_value());
  }
  RETURN_IF_ERROR(check_name(proto.dim_param(), fmt::format("dimension {}: name", index)));
  return proto.dim_param().empty() ? ir::Dim() : ir::Dim::symbol(proto.dim_param());
}

Result<ir::TensorType> tensor_type_from_proto(const onnx::TypeProto::Tensor& tensor) {
  ir::TensorType type;
  ASSIGN_OR_RETURN(type.data_type, data_type_from_number(tensor.elem_type()));
  if (!tensor.has_shape()) return type;
  ir::Shape shape;
  std::vector<std::int64_t> known;
  if (static_cast<std::size_t>(tensor.shape().dim_size()) > kMaxRank) {
    return invalid_data("has {} dimensions, at most {} are accepted", tensor.shape().dim_size(),
                        kMaxRank);
  }
  for (int i = 0; i < tensor.shape().dim_size(); ++i) {
    ASSIGN_OR_RETURN(ir::Dim dim, dim_from_proto(tensor.shape().dim(i), i));
    if (dim.known()) known.push_back(dim.value());
    shape.push_back(std::move(dim));
  }
  if (auto checked = check_extents(type.data_type, known); !checked.ok()) return checked.error();
  type.shape = std::move(shape);
  return type;
}

void tensor_type_to_proto(const ir::TensorType& type, onnx::TypeProto::Tensor& tensor) {
  tensor.set_elem_type(static_cast<std::int32_t>(type.data_type));
  if (!type.shape) return;
  onnx::TensorShapeProto& shape = *tensor.mutable_shape();
  for (const ir::Dim& dim : *type.shape) {
    onnx::TensorShapeProto::Dimension& out = *shape.add_dim();
    if (dim.known()) {
      out.set_dim_value(dim.value());
    } else if (dim.symbolic().is_expression()) {
      out.set_dim_param(dim.name().empty() ? dim.to_string() : dim.name());
    }
  }
}

}  // namespace

Result<ir::Type> type_from_proto(const onnx::TypeProto& proto) {
  switch (proto.value_case()) {
    case onnx::TypeProto::kTensorType: {
      ASSIGN_OR_RETURN(ir::TensorType type, tensor_type_from_proto(proto.tensor_type()));
      return ir::Type(std::move(type));
    }
    case onnx::TypeProto::kSequenceType: {
      ASSIGN_OR_RETURN(ir::Type element, type_from_proto(proto.sequence_type().elem_type()));
      return ir::Type::sequence(std::move(element));
    }
    case onnx::TypeProto::kOptionalType: {
      ASSIGN_OR_RETURN(ir::Type element, type_from_proto(proto.optional_type().elem_type()));
      return ir::Type::optional(std::move(element));
    }
    case onnx::TypeProto::kMapType: {
      ASSIGN_OR_RETURN(const ir::DataType key, data_type_from_number(proto.map_type().key_type()));
      if (key != ir::DataType::kString && !ir::is_integer(key))
        return invalid_data("is a map whose keys are {}", ir::data_type_name(key));
      ASSIGN_OR_RETURN(ir::Type value, type_from_proto(proto.map_type().value_type()));
      return ir::Type::map(key, std::move(value));
    }
    case onnx::TypeProto::kSparseTensorType:
      return unsupported("is a sparse tensor, which is not supported");
    case onnx::TypeProto::VALUE_NOT_SET:
      return invalid_data("has no type");
    default:
      return unsupported("is of an opaque type, which is not supported");
  }
}

void type_to_proto(const ir::Type& type, onnx::TypeProto& proto) {
  switch (type.kind()) {
    case ir::Type::Kind::kTensor:
      return tensor_type_to_proto(type.tensor(), *proto.mutable_tensor_type());
    case ir::Type::Kind::kSequence:
      return type_to_proto(type.element(), *proto.mutable_sequence_type()->mutable_elem_type());
    case ir::Type::Kind::kOptional:
      return type_to_proto(type.element(), *proto.mutable_optional_type()->mutable_elem_type());
    case ir::Type::Kind::kMap:
      proto.mutable_map_type()->set_key_type(static_cast<std::int32_t>(type.key()));
      return type_to_proto(type.element(), *proto.mutable_map_type()->mutable_value_type());
  }
}

}  // namespace lathe::formats
