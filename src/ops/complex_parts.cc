#include "ops/complex_parts.h"

#include <cstring>

namespace lathe::ops {
namespace {

// Copies `count` parts of `size` bytes, of which each tensor has one every so many bytes.
void copy_complex_parts(std::span<const std::byte> from, std::size_t from_step,
                        std::span<std::byte> to, std::size_t to_step, std::size_t size,
                        std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) std::memcpy(&to[i * to_step], &from[i * from_step], size);
}

}  // namespace

Result<ComplexParts> split_complex(const ir::Tensor& tensor) {
  LATHE_CHECK(is_complex(tensor.data_type()));
  const bool wide = tensor.data_type() == ir::DataType::kComplex128;
  const ir::DataType part = wide ? ir::DataType::kFloat64 : ir::DataType::kFloat32;
  const std::size_t size = wide ? 8 : 4;
  const auto count = static_cast<std::size_t>(tensor.num_elements());
  ASSIGN_OR_RETURN(ir::Tensor real, ir::Tensor::create(part, tensor.dims()));
  ASSIGN_OR_RETURN(ir::Tensor imaginary, ir::Tensor::create(part, tensor.dims()));
  if (count > 0) {
    copy_complex_parts(tensor.bytes(), 2 * size, real.mutable_bytes(), size, size, count);
    copy_complex_parts(tensor.bytes().subspan(size), 2 * size, imaginary.mutable_bytes(), size,
                       size, count);
  }
  return ComplexParts{std::move(real), std::move(imaginary)};
}

Result<ir::Tensor> join_complex(const ComplexParts& parts) {
  LATHE_CHECK(parts.real.type() == parts.imaginary.type());
  const bool wide = parts.real.data_type() == ir::DataType::kFloat64;
  const std::size_t size = wide ? 8 : 4;
  const auto count = static_cast<std::size_t>(parts.real.num_elements());
  const ir::DataType type = wide ? ir::DataType::kComplex128 : ir::DataType::kComplex64;
  ASSIGN_OR_RETURN(ir::Tensor tensor, ir::Tensor::create(type, parts.real.dims()));
  if (count > 0) {
    const std::span<std::byte> to = tensor.mutable_bytes();
    copy_complex_parts(parts.real.bytes(), size, to, 2 * size, size, count);
    copy_complex_parts(parts.imaginary.bytes(), size, to.subspan(size), 2 * size, size, count);
  }
  return tensor;
}

}  // namespace lathe::ops
