// Arithmetic on whole numbers that a file or a flag may make absurdly large. All functions are
// pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace lathe {

// Nothing where an int64 cannot hold the sum.
inline std::optional<std::int64_t> checked_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

// Of factors of 0 and more. Nothing where an int64 cannot hold the product of those that are not 0.
inline std::optional<std::int64_t> checked_product(std::span<const std::int64_t> factors) {
  std::int64_t product = 1;
  bool zero = false;
  for (const std::int64_t factor : factors) {
    if (factor == 0) {
      zero = true;
    } else if (__builtin_mul_overflow(product, factor, &product)) {
      return std::nullopt;
    }
  }
  return zero ? 0 : product;
}

}  // namespace lathe
