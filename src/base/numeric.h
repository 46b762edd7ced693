// Conversions between float32 and the 16-bit floating point formats, round half to even.
// Overflow becomes infinity, NaN stays NaN and becomes quiet. All functions are pure.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace lathe {

inline float bfloat16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

inline std::uint16_t float_to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// IEEE 754 binary16.
float float16_to_float(std::uint16_t bits);
std::uint16_t float_to_float16(float value);

}  // namespace lathe
