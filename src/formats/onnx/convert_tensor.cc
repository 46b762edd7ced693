#include "formats/onnx/convert_tensor.h"

#include <charconv>
#include <cstring>
#include <limits>
#include <memory>
#include <onnx/onnx_pb.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/onnx/names.h"
#include "formats/onnx/tensor_bytes.h"

namespace lathe::formats {
namespace {

// The repeated field that holds elements of a type when they are not raw.
enum class Storage { kFloat, kInt32, kInt64, kUint64, kDouble, kString };

Storage storage_of(ir::DataType type) {
  switch (type) {
    case ir::DataType::kFloat32:
    case ir::DataType::kComplex64:
      return Storage::kFloat;
    case ir::DataType::kInt64:
      return Storage::kInt64;
    case ir::DataType::kUint32:
    case ir::DataType::kUint64:
      return Storage::kUint64;
    case ir::DataType::kFloat64:
    case ir::DataType::kComplex128:
      return Storage::kDouble;
    case ir::DataType::kString:
      return Storage::kString;
    default:
      return Storage::kInt32;
  }
}

// How many numbers hold so many elements.
std::int64_t stored_count(ir::DataType type, std::int64_t count) {
  switch (type) {
    case ir::DataType::kComplex64:
    case ir::DataType::kComplex128:
      return 2 * count;
    default:
      break;
  }
  const int bits = ir::bits_per_element(type);
  // 6-bit elements are packed in raw data alone.
  return bits == 2 || bits == 4 ? (count * bits + 7) / 8 : count;
}

constexpr std::string_view kStorageNames[] = {"float_data",  "int32_data",  "int64_data",
                                              "uint64_data", "double_data", "string_data"};

Status check_count(std::int64_t stored, std::int64_t expected, std::string_view field,
                   ir::DataType type, std::span<const std::int64_t> dims) {
  if (stored == expected) return {};
  return invalid_data("{} has {} values, expected {} for {}", field, stored, expected,
                      describe_tensor(type, dims));
}

// Copies numbers that are stored wider than they are; each must fit. T is the
// integer that holds an element's bits.
template <typename T, typename Field>
Status copy_narrowed(const Field& stored, std::string_view field, ir::Tensor& tensor) {
  auto* out = reinterpret_cast<T*>(tensor.mutable_bytes().data());
  for (int i = 0; i < stored.size(); ++i) {
    if (!std::in_range<T>(stored[i])) {
      return invalid_data("{}[{}] is {}, which does not fit {}", field, i, stored[i],
                          ir::data_type_name(tensor.data_type()));
    }
    out[i] = static_cast<T>(stored[i]);
  }
  return {};
}

template <typename Field>
void copy_exact(const Field& stored, ir::Tensor& tensor) {
  if (stored.empty()) return;
  LATHE_CHECK(tensor.num_bytes() == static_cast<std::size_t>(stored.size()) * sizeof(stored[0]));
  std::memcpy(tensor.mutable_bytes().data(), stored.data(), tensor.num_bytes());
}

Status copy_int32_data(const onnx::TensorProto& proto, ir::Tensor& tensor) {
  const auto& stored = proto.int32_data();
  constexpr std::string_view kField = kStorageNames[static_cast<int>(Storage::kInt32)];
  switch (tensor.data_type()) {
    case ir::DataType::kInt32:
      copy_exact(stored, tensor);
      return {};
    case ir::DataType::kInt8:
      return copy_narrowed<std::int8_t>(stored, kField, tensor);
    case ir::DataType::kInt16:
      return copy_narrowed<std::int16_t>(stored, kField, tensor);
    case ir::DataType::kUint16:
    case ir::DataType::kFloat16:
    case ir::DataType::kBFloat16:
      return copy_narrowed<std::uint16_t>(stored, kField, tensor);
    case ir::DataType::kFloat6E2M3:
    case ir::DataType::kFloat6E3M2:
      for (int i = 0; i < stored.size(); ++i) {
        if (stored[i] < 0 || stored[i] > 0x3f) {
          return invalid_data("{}[{}] is {}, which does not fit {}", kField, i, stored[i],
                              ir::data_type_name(tensor.data_type()));
        }
        tensor.set_bits(i, static_cast<std::uint8_t>(stored[i]));
      }
      return {};
    default:  // one byte each, or packed into bytes
      RETURN_IF_ERROR(copy_narrowed<std::uint8_t>(stored, kField, tensor));
      normalize_elements(tensor);
      return {};
  }
}

Result<ir::Tensor> from_typed_data(const onnx::TensorProto& proto, ir::DataType type,
                                   std::span<const std::int64_t> dims, std::int64_t count) {
  const std::int64_t sizes[] = {proto.float_data_size(),  proto.int32_data_size(),
                                proto.int64_data_size(),  proto.uint64_data_size(),
                                proto.double_data_size(), proto.string_data_size()};
  const Storage storage = storage_of(type);
  const auto slot = static_cast<std::size_t>(storage);
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    if (i != slot && sizes[i] > 0) {
      return invalid_data("{} elements are in {}, expected them in {} or raw_data",
                          ir::data_type_name(type), kStorageNames[i], kStorageNames[slot]);
    }
  }
  RETURN_IF_ERROR(
      check_count(sizes[slot], stored_count(type, count), kStorageNames[slot], type, dims));
  ASSIGN_OR_RETURN(ir::Tensor tensor, ir::Tensor::create(type, dims));
  switch (storage) {
    case Storage::kFloat:
      copy_exact(proto.float_data(), tensor);
      return tensor;
    case Storage::kInt64:
      copy_exact(proto.int64_data(), tensor);
      return tensor;
    case Storage::kDouble:
      copy_exact(proto.double_data(), tensor);
      return tensor;
    case Storage::kUint64:
      if (type == ir::DataType::kUint64) {
        copy_exact(proto.uint64_data(), tensor);
      } else {
        RETURN_IF_ERROR(
            copy_narrowed<std::uint32_t>(proto.uint64_data(), kStorageNames[slot], tensor));
      }
      return tensor;
    case Storage::kString: {
      const auto out = tensor.mutable_data<std::string>();
      for (int i = 0; i < proto.string_data_size(); ++i) {
        out[static_cast<std::size_t>(i)] = proto.string_data(i);
      }
      return tensor;
    }
    case Storage::kInt32:
      break;
  }
  RETURN_IF_ERROR(copy_int32_data(proto, tensor));
  return tensor;
}

Result<std::int64_t> parse_byte_number(const std::string& key, const std::string& value) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed != std::errc() || end != value.data() + value.size() || number < 0) {
    return invalid_data("external data {} is '{}', expected a number of bytes", key,
                        printable(value));
  }
  return number;
}

Result<ExternalLocation> external_location(const onnx::TensorProto& proto) {
  ExternalLocation where;
  bool has_offset = false;
  for (const onnx::StringStringEntryProto& entry : proto.external_data()) {
    bool repeated = false;
    if (entry.key() == "location") {
      repeated = !where.location.empty();
      where.location = entry.value();
    } else if (entry.key() == "offset") {
      repeated = has_offset;
      has_offset = true;
      ASSIGN_OR_RETURN(where.offset, parse_byte_number(entry.key(), entry.value()));
    } else if (entry.key() == "length") {
      repeated = where.length.has_value();
      ASSIGN_OR_RETURN(where.length, parse_byte_number(entry.key(), entry.value()));
    }
    if (repeated) return invalid_data("external data has '{}' twice", entry.key());
  }
  return where;
}

// What has been read of a mapped file costs memory for as long as nobody else needs that; the pages
// come back from the file where they are read again.
void give_back_pages(std::span<const std::byte> mapped) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(mapped.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(mapped.data() + mapped.size()) / page * page;
  if (begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace

Result<ir::DataType> data_type_from_number(std::int32_t number) {
  if (ir::is_known_data_type(number)) return static_cast<ir::DataType>(number);
  return invalid_data("element type {} is unknown", number);
}

Result<ir::Tensor> tensor_from_proto(onnx::TensorProto& proto, ExternalData& external) {
  ASSIGN_OR_RETURN(const ir::DataType type, data_type_from_number(proto.data_type()));
  const std::span<const std::int64_t> dims(proto.dims().data(),
                                           static_cast<std::size_t>(proto.dims_size()));
  ASSIGN_OR_RETURN(const std::int64_t count, check_extents(type, dims));
  if (proto.has_segment()) return unsupported("tensors in segments are not supported");

  const bool has_typed_data = !proto.float_data().empty() || !proto.int32_data().empty() ||
                              !proto.int64_data().empty() || !proto.uint64_data().empty() ||
                              !proto.double_data().empty() || !proto.string_data().empty();
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    if (proto.has_raw_data() || has_typed_data) {
      return invalid_data("has external data and elements of its own");
    }
    if (type == ir::DataType::kString) return invalid_data("strings cannot be external data");
    ASSIGN_OR_RETURN(const ExternalLocation where, external_location(proto));
    return external.read(where, type, dims);
  }
  if (!proto.has_raw_data() || (proto.raw_data().empty() && has_typed_data)) {
    return from_typed_data(proto, type, dims, count);
  }
  if (has_typed_data) return invalid_data("has raw_data and elements in another field");
  const std::unique_ptr<std::string> raw(proto.release_raw_data());
  if (const auto payload = external.payloads.find(*raw)) {
    auto tensor = tensor_from_bytes(type, dims, *payload);
    if (external.payloads_are_mapped) give_back_pages(*payload);
    return tensor;
  }
  return tensor_from_bytes(type, dims, std::as_bytes(std::span(*raw)));
}

void tensor_to_proto(const ir::Tensor& tensor, onnx::TensorProto& proto) {
  proto.set_data_type(static_cast<std::int32_t>(tensor.data_type()));
  for (const std::int64_t dim : tensor.dims()) proto.add_dims(dim);
  if (tensor.data_type() == ir::DataType::kString) {
    for (const std::string& text : tensor.data<std::string>()) proto.add_string_data(text);
  } else {
    const std::span<const std::byte> bytes = tensor.bytes();
    proto.set_raw_data(bytes.data(), bytes.size());
  }
}

}  // namespace lathe::formats
