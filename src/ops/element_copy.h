// Moving elements of any type from one tensor to another: for operators that only rearrange.
#pragma once

#include <cstring>

#include "ir/tensor.h"

namespace lathe::ops {

// Whether elements can be moved one by one as whole bytes or strings.
inline bool is_copyable(ir::DataType type) {
  return type == ir::DataType::kString || ir::bits_per_element(type) >= 8;
}

// to[j] = from[i], both of one type that is_copyable.
class ElementCopier {
 public:
  ElementCopier(const ir::Tensor& from, ir::Tensor& to)
      : strings_(from.data_type() == ir::DataType::kString),
        size_(static_cast<std::size_t>(ir::bits_per_element(from.data_type()) / 8)) {
    if (strings_) {
      from_strings_ = from.data<std::string>();
      to_strings_ = to.mutable_data<std::string>();
    } else {
      from_ = from.bytes();
      to_ = to.mutable_bytes();
    }
  }
  void copy(std::int64_t i, std::int64_t j) {
    const auto source = static_cast<std::size_t>(i);
    const auto target = static_cast<std::size_t>(j);
    if (strings_) {
      to_strings_[target] = from_strings_[source];
    } else {
      std::memcpy(&to_[target * size_], &from_[source * size_], size_);
    }
  }

 private:
  bool strings_;
  std::size_t size_;
  std::span<const std::string> from_strings_;
  std::span<std::string> to_strings_;
  std::span<const std::byte> from_;
  std::span<std::byte> to_;
};

}  // namespace lathe::ops
