#include "formats/onnx/tensor_bytes.h"

#include <bit>
#include <cstring>

namespace lathe::formats {

static_assert(std::endian::native == std::endian::little,
              "tensors are copied as they lie in the file");

std::string describe_tensor(ir::DataType type, std::span<const std::int64_t> dims) {
  return ir::TensorType{type, ir::make_shape(dims)}.to_string();
}

Result<std::int64_t> check_extents(ir::DataType type, std::span<const std::int64_t> dims) {
  if (dims.size() > kMaxRank) {
    return invalid_data("has {} dimensions, at most {} are accepted", dims.size(), kMaxRank);
  }
  ASSIGN_OR_RETURN(const std::int64_t count, ir::element_count(dims));
  const int bits = type == ir::DataType::kString ? 8 : ir::bits_per_element(type);
  if (count > ir::kMaxTensorBytes / bits * 8) {
    return error(ErrorCode::kResourceExhausted, "{} takes more than the limit of {} bytes",
                 describe_tensor(type, dims), ir::kMaxTensorBytes);
  }
  return count;
}

Result<std::int64_t> tensor_byte_size(ir::DataType type, std::span<const std::int64_t> dims) {
  ASSIGN_OR_RETURN(const std::int64_t count, check_extents(type, dims));
  const std::int64_t bits = ir::bits_per_element(type);
  return bits >= 8 ? count * (bits / 8) : (count * bits + 7) / 8;
}

Result<ir::Tensor> tensor_from_bytes(ir::DataType type, std::span<const std::int64_t> dims,
                                     std::span<const std::byte> bytes) {
  if (type == ir::DataType::kString) return invalid_data("strings cannot be stored as raw data");
  ASSIGN_OR_RETURN(const std::int64_t expected, tensor_byte_size(type, dims));
  if (static_cast<std::int64_t>(bytes.size()) != expected) {
    return invalid_data("raw data has {} bytes, expected {} for {}", bytes.size(), expected,
                        describe_tensor(type, dims));
  }
  ASSIGN_OR_RETURN(ir::Tensor tensor, ir::Tensor::create(type, dims));
  if (!bytes.empty()) std::memcpy(tensor.mutable_bytes().data(), bytes.data(), bytes.size());
  normalize_elements(tensor);
  return tensor;
}

void normalize_elements(ir::Tensor& tensor) {
  if (tensor.num_elements() == 0) return;
  if (tensor.data_type() == ir::DataType::kBool) {
    for (std::byte& byte : tensor.mutable_bytes()) {
      byte = byte == std::byte{0} ? std::byte{0} : std::byte{1};
    }
    return;
  }
  const int bits = ir::bits_per_element(tensor.data_type());
  const auto used = static_cast<unsigned>(tensor.num_elements() % 8 * bits % 8);
  if (bits < 8 && used != 0) tensor.mutable_bytes().back() &= std::byte((1U << used) - 1);
}

}  // namespace lathe::formats
