// The integer convention written down once more for tests, in wide integers and without vectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

// The value of a stored byte.
inline std::int64_t reference_value(std::uint8_t byte, bool is_signed) {
  return is_signed ? static_cast<std::int8_t>(byte) : byte;
}

// The byte for a product or sum in float32.
inline std::uint8_t reference_requantize(float scaled, QuantizedActivation output, std::int32_t min,
                                         std::int32_t max) {
  if (std::isnan(scaled)) return static_cast<std::uint8_t>(max);
  const double rounded = std::nearbyint(static_cast<double>(scaled)) + output.zero_point;
  const double clamped = std::clamp(rounded, static_cast<double>(min), static_cast<double>(max));
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(clamped));
}

// A sum as an int32 that wraps, converted.
inline float reference_float(std::int64_t sum) {
  return static_cast<float>(static_cast<std::int32_t>(static_cast<std::uint32_t>(sum)));
}

inline std::vector<std::uint8_t> random_bytes(Random& random, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
  return bytes;
}

// A type with a zero point anywhere in its range, often at an end.
inline QuantizedActivation random_activation(Random& random) {
  QuantizedActivation activation{random.below(2) == 0, 0};
  const std::uint32_t kind = random.below(4);
  activation.zero_point = kind == 0 ? activation.lowest()
                          : kind == 1
                              ? activation.highest()
                              : activation.lowest() + static_cast<std::int32_t>(random.below(256));
  return activation;
}

}  // namespace lathe::kernels
