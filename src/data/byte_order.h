// Numbers in files: stated byte order, any alignment.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>

namespace lathe::data {

template <std::unsigned_integral T>
T load_little(const std::byte* from) {
  T value = 0;
  for (std::size_t i = sizeof(T); i > 0; --i) {
    value = static_cast<T>((value << 8) | std::to_integer<T>(from[i - 1]));
  }
  return value;
}

template <std::unsigned_integral T>
T load_big(const std::byte* from) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>((value << 8) | std::to_integer<T>(from[i]));
  }
  return value;
}

template <std::unsigned_integral T>
void append_little(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  }
}

// Reverses the bytes of each element in place; nothing to do for elements of one byte.
inline void swap_elements(std::span<std::byte> bytes, std::size_t element_bytes) {
  if (element_bytes <= 1) return;
  for (std::size_t at = 0; at + element_bytes <= bytes.size(); at += element_bytes) {
    std::reverse(bytes.data() + at, bytes.data() + at + element_bytes);
  }
}

}  // namespace lathe::data
