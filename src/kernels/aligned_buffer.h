// Memory for packed weights: aligned to a cache line, which is also the widest vector register.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "base/zeroed_memory.h"

namespace lathe::kernels {

inline constexpr std::size_t kBufferAlignment = 64;

// A fixed number of T, all bits zero. Movable, not copyable.
template <typename T>
requires std::is_trivially_destructible_v<T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size)
      : data_(static_cast<T*>(allocate_zeroed(size * sizeof(T))), {size * sizeof(T)}), size_(size) {
    if (size > 0 && data_ == nullptr) throw std::bad_alloc();
  }

  [[nodiscard]] T* data() { return data_.get(); }
  [[nodiscard]] const T* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t size_bytes() const { return size_ * sizeof(T); }
  [[nodiscard]] std::span<T> span() { return {data(), size_}; }
  [[nodiscard]] std::span<const T> span() const { return {data(), size_}; }

 private:
  std::unique_ptr<T, FreeZeroed> data_;
  std::size_t size_ = 0;
};

}  // namespace lathe::kernels
