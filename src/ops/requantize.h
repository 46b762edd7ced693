// The arithmetic of quantized values that reference evaluation and integer kernels share. Every
// step is rounded to float32 as written; nothing is contracted.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "ir/tensor.h"

namespace lathe::ops {

struct QuantizedRange {
  std::int32_t low;
  std::int32_t high;
};

// Bounds of an 8-bit type.
inline QuantizedRange quantized_range(ir::DataType type) {
  return type == ir::DataType::kInt8 ? QuantizedRange{-128, 127} : QuantizedRange{0, 255};
}

// clamp(round_half_even(value) + zero_point, low, high). The value is clamped in floating point
// first, to bounds that lose nothing of an 8-bit result, so that the conversion is defined for
// every input: infinities saturate, NaN becomes `high`.
inline std::int32_t round_to_quantized(float value, std::int32_t zero_point, QuantizedRange range) {
  const float below = value < 65536.0F ? value : 65536.0F;
  const float bounded = below > -65536.0F ? below : -65536.0F;
  return std::clamp(static_cast<std::int32_t>(std::nearbyint(bounded)) + zero_point, range.low,
                    range.high);
}

// An int32 accumulator brought to the output's scale:
// round_to_quantized(float32(accumulator) * multiplier), multiplier = float32(x_scale * w_scale /
// y_scale).
inline std::int32_t requantize(std::int32_t accumulator, float multiplier, std::int32_t zero_point,
                               QuantizedRange range) {
  return round_to_quantized(static_cast<float>(accumulator) * multiplier, zero_point, range);
}

// The multiplier, with its two roundings: (x_scale * w_scale) / y_scale.
inline float requantize_multiplier(float x_scale, float w_scale, float y_scale) {
  return (x_scale * w_scale) / y_scale;
}

}  // namespace lathe::ops
