// Memory for packed weights: aligned to a cache line, which is also the widest vector register.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace lathe::kernels {

inline constexpr std::size_t kBufferAlignment = 64;

// A fixed number of zero-initialised T, trivially destructible. Movable, not copyable.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size)
      : data_(size == 0 ? nullptr : new (std::align_val_t{kBufferAlignment}) T[size]()),
        size_(size) {}

  [[nodiscard]] T* data() { return data_.get(); }
  [[nodiscard]] const T* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t size_bytes() const { return size_ * sizeof(T); }
  [[nodiscard]] std::span<T> span() { return {data(), size_}; }
  [[nodiscard]] std::span<const T> span() const { return {data(), size_}; }

 private:
  struct Free {
    void operator()(T* data) const {
      ::operator delete[](data, std::align_val_t{kBufferAlignment});
    }
  };
  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0;
};

}  // namespace lathe::kernels
