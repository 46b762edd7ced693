// Tensors from the fixed little-endian layout that ONNX calls raw data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "ir/tensor.h"

namespace lathe::formats {

// "float32[2,3]", for messages.
std::string describe_tensor(ir::DataType type, std::span<const std::int64_t> dims);

// Extents beyond this many are refused; frameworks stop at 64 or before.
inline constexpr std::size_t kMaxRank = 64;

// The extents are not negative, not too many, and the tensor's size stays below
// ir::kMaxTensorBytes. Gives the number of elements.
Result<std::int64_t> check_extents(ir::DataType type, std::span<const std::int64_t> dims);

// Bytes of such a tensor's buffer, after check_extents; not for strings.
Result<std::int64_t> tensor_byte_size(ir::DataType type, std::span<const std::int64_t> dims);

// A tensor whose buffer holds these bytes. An error, before anything is allocated, where their
// number does not fit the extents. Booleans become 0 or 1, and the unused half of the last byte of
// 4-bit elements 0.
Result<ir::Tensor> tensor_from_bytes(ir::DataType type, std::span<const std::int64_t> dims,
                                     std::span<const std::byte> bytes);

// Makes the bytes of a tensor valid in the sense above.
void normalize_elements(ir::Tensor& tensor);

}  // namespace lathe::formats
