// Moving elements of any type from one tensor to another: for operators that only rearrange.
#pragma once

#include <cstring>

#include "ir/tensor.h"
#include "ops/shape_math.h"

namespace lathe::ops {

// to[j] = from[i], both of one type. Keeps references to both.
class ElementCopier {
 public:
  ElementCopier(const ir::Tensor& from, ir::Tensor& to)
      : from_(from), to_(to), bits_(ir::bits_per_element(from.data_type())) {
    LATHE_CHECK(from.data_type() == to.data_type());
    if (from.data_type() == ir::DataType::kString) {
      from_strings_ = from.data<std::string>();
      to_strings_ = to.mutable_data<std::string>();
    } else {
      from_bytes_ = from.bytes();
      to_bytes_ = to.mutable_bytes();
    }
  }

  void copy(std::int64_t i, std::int64_t j) {
    const auto source = static_cast<std::size_t>(i);
    const auto target = static_cast<std::size_t>(j);
    const auto size = static_cast<std::size_t>(bits_ / 8);
    if (bits_ == 0) {
      to_strings_[target] = from_strings_[source];
    } else if (bits_ < 8) {
      to_.set_bits(j, from_.get_bits(i));
    } else {
      std::memcpy(&to_bytes_[target * size], &from_bytes_[source * size], size);
    }
  }

 private:
  const ir::Tensor& from_;
  ir::Tensor& to_;
  int bits_;
  std::span<const std::string> from_strings_;
  std::span<std::string> to_strings_;
  std::span<const std::byte> from_bytes_;
  std::span<std::byte> to_bytes_;
};

// y[index] = x[first + sum of index * strides], for every index of y.
inline void copy_strided(const ir::Tensor& x, ir::Tensor& y, std::int64_t first,
                         const Dims& strides) {
  ElementCopier copier(x, y);
  Dims index(y.rank(), 0);
  for (std::int64_t o = 0; o < y.num_elements(); ++o) {
    std::int64_t i = first;
    for (std::size_t d = 0; d < index.size(); ++d) i += index[d] * strides[d];
    copier.copy(i, o);
    next_index(index, y.dims());
  }
}

}  // namespace lathe::ops
