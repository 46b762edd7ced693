// Test memory that shows stray writes: values between guards, one element off any alignment above
// the element's own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

namespace lathe::kernels {

template <typename T>
class GuardedBuffer {
 public:
  // `size` elements of poison. The data starts `shift` elements past a boundary of 64 bytes.
  explicit GuardedBuffer(std::size_t size, std::size_t shift = 1)
      : size_(size), bytes_((size + 2 * kGuard) * sizeof(T) + 64, kPoison) {
    std::size_t address = reinterpret_cast<std::size_t>(bytes_.data());
    start_ = (64 - address % 64) % 64 + (kGuard / 2 + shift) * sizeof(T);
  }
  explicit GuardedBuffer(const std::vector<T>& values) : GuardedBuffer(values.size()) {
    if (size_ > 0) std::memcpy(bytes_.data() + start_, values.data(), size_ * sizeof(T));
  }

  [[nodiscard]] T* data() { return reinterpret_cast<T*>(bytes_.data() + start_); }
  [[nodiscard]] const T* data() const { return reinterpret_cast<const T*>(bytes_.data() + start_); }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Nothing outside of the elements was written.
  [[nodiscard]] bool intact() const {
    const auto poisoned = [](unsigned char byte) { return byte == kPoison; };
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(start_);
    return std::all_of(bytes_.begin(), begin, poisoned) &&
           std::all_of(begin + static_cast<std::ptrdiff_t>(size_ * sizeof(T)), bytes_.end(),
                       poisoned);
  }

 private:
  static constexpr std::size_t kGuard = 128;
  static constexpr unsigned char kPoison = 0xff;  // a NaN in every float format

  std::size_t size_;
  std::vector<unsigned char> bytes_;
  std::size_t start_;
};

}  // namespace lathe::kernels
