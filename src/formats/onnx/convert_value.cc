#include "formats/onnx/convert_value.h"

#include <onnx/onnx-data_pb.h>
#include <set>

#include "formats/onnx/convert_tensor.h"
#include "ops/common_type.h"

namespace lathe::formats {
namespace {

using ir::Datum;
using ir::Type;

Result<Datum> value_of(onnx::TensorProto& proto, const Type& type, ExternalData& external) {
  ASSIGN_OR_RETURN(ir::Tensor tensor, tensor_from_proto(proto, external));
  if (tensor.data_type() != type.tensor().data_type) {
    return invalid_data("is {}, expected {}", tensor.type().to_string(),
                        ops::without_shapes(type).to_string());
  }
  return Datum(std::move(tensor));
}
template <typename Proto>
Result<Datum> value_of(Proto& proto, const Type& type, ExternalData& external) {
  return value_from_proto(proto, type, external);
}

template <typename List>
Result<std::vector<Datum>> items_from(List& list, const Type& type, ExternalData& external) {
  std::vector<Datum> items;
  for (auto& proto : list) {
    auto item = value_of(proto, type, external);
    if (!item.ok()) return item.error().with_context(fmt::format("item {}", items.size()));
    items.push_back(*std::move(item));
  }
  return items;
}

Result<std::vector<Datum>> items_of_kind(onnx::SequenceProto& proto, const Type& element,
                                         ExternalData& external) {
  switch (element.kind()) {
    case Type::Kind::kTensor:
      return items_from(*proto.mutable_tensor_values(), element, external);
    case Type::Kind::kSequence:
      return items_from(*proto.mutable_sequence_values(), element, external);
    case Type::Kind::kOptional:
      return items_from(*proto.mutable_optional_values(), element, external);
    case Type::Kind::kMap:
      return items_from(*proto.mutable_map_values(), element, external);
  }
  return std::vector<Datum>();
}

std::int64_t stored_items(const onnx::SequenceProto& proto) {
  return std::int64_t{proto.tensor_values_size()} + proto.sparse_tensor_values_size() +
         proto.sequence_values_size() + proto.map_values_size() + proto.optional_values_size();
}

// The one item of an optional, or none.
Result<std::vector<Datum>> item_of(onnx::OptionalProto& proto, const Type& element,
                                   ExternalData& external) {
  std::vector<Datum> items;
  const auto read = [&](auto& stored) -> Status {
    ASSIGN_OR_RETURN(Datum item, value_of(stored, element, external));
    items.push_back(std::move(item));
    return {};
  };
  switch (element.kind()) {
    case Type::Kind::kTensor:
      if (proto.has_tensor_value()) RETURN_IF_ERROR(read(*proto.mutable_tensor_value()));
      break;
    case Type::Kind::kSequence:
      if (proto.has_sequence_value()) RETURN_IF_ERROR(read(*proto.mutable_sequence_value()));
      break;
    case Type::Kind::kOptional:
      if (proto.has_optional_value()) RETURN_IF_ERROR(read(*proto.mutable_optional_value()));
      break;
    case Type::Kind::kMap:
      if (proto.has_map_value()) RETURN_IF_ERROR(read(*proto.mutable_map_value()));
      break;
  }
  return items;
}

std::int64_t stored_items(const onnx::OptionalProto& proto) {
  return std::int64_t{proto.has_tensor_value()} + (proto.has_sparse_tensor_value() ? 1 : 0) +
         (proto.has_sequence_value() ? 1 : 0) + (proto.has_map_value() ? 1 : 0) +
         (proto.has_optional_value() ? 1 : 0);
}

Result<ir::Tensor> keys_from(const onnx::MapProto& proto, ir::DataType type) {
  const bool is_text = type == ir::DataType::kString;
  if (is_text ? proto.keys_size() > 0 : proto.string_keys_size() > 0)
    return invalid_data("has keys of another type than {}", ir::data_type_name(type));
  if (is_text) {
    const std::vector<std::string> keys(proto.string_keys().begin(), proto.string_keys().end());
    const std::int64_t count = std::ssize(keys);
    if (std::set(keys.begin(), keys.end()).size() != keys.size())
      return invalid_data("has a key twice");
    return ir::Tensor::from_values<std::string>(std::span(&count, 1), keys);
  }
  if (type != ir::DataType::kInt64)
    return unsupported("keys of {} are not supported", ir::data_type_name(type));
  const std::vector<std::int64_t> keys(proto.keys().begin(), proto.keys().end());
  if (std::set(keys.begin(), keys.end()).size() != keys.size())
    return invalid_data("has a key twice");
  return ir::Tensor::vector_int64(keys);
}

}  // namespace

Result<Datum> value_from_proto(onnx::SequenceProto& proto, const Type& type,
                               ExternalData& external) {
  LATHE_CHECK(type.kind() == Type::Kind::kSequence);
  const std::int64_t stored = stored_items(proto);
  ASSIGN_OR_RETURN(std::vector<Datum> items, items_of_kind(proto, type.element(), external));
  if (std::ssize(items) != stored)
    return invalid_data("has items of another kind than {}", type.element().to_string());
  return Datum(Datum::Sequence{ops::without_shapes(type.element()), std::move(items)});
}

Result<Datum> value_from_proto(onnx::OptionalProto& proto, const Type& type,
                               ExternalData& external) {
  LATHE_CHECK(type.kind() == Type::Kind::kOptional);
  const std::int64_t stored = stored_items(proto);
  ASSIGN_OR_RETURN(std::vector<Datum> item, item_of(proto, type.element(), external));
  if (std::ssize(item) != stored)
    return invalid_data("has a value of another kind than {}", type.element().to_string());
  return Datum(Datum::Optional{ops::without_shapes(type.element()), std::move(item)});
}

Result<Datum> value_from_proto(onnx::MapProto& proto, const Type& type, ExternalData& external) {
  LATHE_CHECK(type.kind() == Type::Kind::kMap);
  ASSIGN_OR_RETURN(ir::Tensor keys, keys_from(proto, type.key()));
  ASSIGN_OR_RETURN(std::vector<Datum> values,
                   items_of_kind(*proto.mutable_values(), type.element(), external));
  if (std::ssize(values) != keys.num_elements())
    return invalid_data("has {} keys and {} values", keys.num_elements(), values.size());
  return Datum(Datum::Map{std::move(keys), ops::without_shapes(type.element()), std::move(values)});
}

}  // namespace lathe::formats
