// The integer convention of 8-bit kernels: how a 32-bit sum becomes an 8-bit output.
//
//   y = clamp(round_half_even(float32(acc) * multiplier) + zero_point, min, max)
//
// float32(acc) is the conversion of an int32, itself rounded half to even. The product is one
// float32 multiplication, never contracted into an FMA. The product is clamped to [min -
// zero_point, max - zero_point] before it is rounded, by `v < high ? v : high` and then `v > low ?
// v : low`: the bounds are integers, so this equals the clamp above, infinities saturate, NaN
// becomes `max`, and the conversion to an integer is always defined. The processor's rounding mode
// must be the default one. Every instruction set gives these bits.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "kernels/requantize_args.h"

namespace lathe::kernels {

// The type and zero point of an 8-bit tensor; real value = (stored - zero_point) * scale. The zero
// point lies in the range of the type.
struct QuantizedActivation {
  bool is_signed = false;  // int8 if true, uint8 otherwise
  std::int32_t zero_point = 0;
  bool operator==(const QuantizedActivation&) const = default;

  [[nodiscard]] std::int32_t lowest() const { return is_signed ? -128 : 0; }
  [[nodiscard]] std::int32_t highest() const { return is_signed ? 127 : 255; }
  // What XOR makes the stored byte unsigned, and what that adds to its value.
  [[nodiscard]] std::uint8_t flip() const { return is_signed ? 0x80 : 0; }
  [[nodiscard]] std::int32_t unsigned_zero_point() const {
    return is_signed ? zero_point + 128 : zero_point;
  }
  [[nodiscard]] bool valid() const { return zero_point >= lowest() && zero_point <= highest(); }
};

struct RequantizeParameters {
  std::vector<float> multipliers;  // one per output channel
  QuantizedActivation output = {};
  std::int32_t min = 0;  // in output units, within its type: they express a fused activation
  std::int32_t max = 255;
};

// Needs lowest() <= min <= max <= highest().
inline RequantizeArgs requantize_args(QuantizedActivation output, std::int32_t min,
                                      std::int32_t max) {
  LATHE_CHECK(output.valid());
  LATHE_CHECK(output.lowest() <= min && min <= max && max <= output.highest());
  const std::int32_t shift = output.is_signed ? 128 : 0;
  return {static_cast<float>(min - output.zero_point),
          static_cast<float>(max - output.zero_point),
          output.zero_point + shift,
          min + shift,
          max + shift,
          output.flip()};
}

// Rounds half to even; |value| <= 2^22. Adding 1.5 * 2^23 leaves no bits for a fraction.
inline std::int32_t round_half_even(float value) {
  constexpr float kShift = 12582912.0F;
  return static_cast<std::int32_t>((value + kShift) - kShift);
}

// The scaled value to the output's byte: the part of the formula after the product.
inline std::uint8_t requantize(float value, const RequantizeArgs& args) {
  value = value < args.high ? value : args.high;
  value = value > args.low ? value : args.low;
  return static_cast<std::uint8_t>(round_half_even(value) + args.zero_point) ^ args.flip;
}

}  // namespace lathe::kernels
