#include "formats/onnx/convert_type.h"

#include <onnx/onnx_pb.h>

#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/names.h"
#include "formats/onnx/tensor_bytes.h"

namespace lathe::formats {
namespace {

std::string_view kind_name(const onnx::TypeProto& proto) {
  switch (proto.value_case()) {
    case onnx::TypeProto::kSequenceType:
      return "sequence";
    case onnx::TypeProto::kMapType:
      return "map";
    case onnx::TypeProto::kOptionalType:
      return "optional";
    case onnx::TypeProto::kSparseTensorType:
      return "sparse tensor";
    case onnx::TypeProto::kOpaqueType:
      return "opaque type";
    default:
      return "value without a type";
  }
}

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

}  // namespace

Result<ir::TensorType> type_from_proto(const onnx::TypeProto& proto) {
  if (proto.value_case() == onnx::TypeProto::VALUE_NOT_SET) return invalid_data("has no type");
  if (!proto.has_tensor_type()) {
    return unsupported("is a {}, only tensors are supported", kind_name(proto));
  }
  const onnx::TypeProto::Tensor& tensor = proto.tensor_type();
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

void type_to_proto(const ir::TensorType& type, onnx::TypeProto& proto) {
  onnx::TypeProto::Tensor& tensor = *proto.mutable_tensor_type();
  tensor.set_elem_type(static_cast<std::int32_t>(type.data_type));
  if (!type.shape) return;
  onnx::TensorShapeProto& shape = *tensor.mutable_shape();
  for (const ir::Dim& dim : *type.shape) {
    onnx::TensorShapeProto::Dimension& out = *shape.add_dim();
    if (dim.known()) {
      out.set_dim_value(dim.value());
    } else if (!dim.name().empty()) {
      out.set_dim_param(dim.name());
    }
  }
}

}  // namespace lathe::formats
