// Floating point formats of 4, 6 and 8 bits: float8 of "FP8 Formats for Deep Learning"
// (Micikevicius et al. 2022) and its variants without negative zero, and those of the OCP
// Microscaling Formats specification 1.0. All functions are pure.
#pragma once

#include <cstdint>

namespace lathe {

struct MiniFloat {
  enum class Special {
    kIeee,        // infinities and NaN as IEEE 754 has them
    kNanOnly,     // all bits set is NaN ("fn"); no infinity
    kNanForZero,  // what would be -0 is NaN ("fnuz"); no infinity
    kNone,        // every pattern is a number
  };
  int exponent_bits;
  int mantissa_bits;
  int bias;
  Special special;
};

inline constexpr MiniFloat kFloat8E4M3FN{4, 3, 7, MiniFloat::Special::kNanOnly};
inline constexpr MiniFloat kFloat8E4M3FNUZ{4, 3, 8, MiniFloat::Special::kNanForZero};
inline constexpr MiniFloat kFloat8E5M2{5, 2, 15, MiniFloat::Special::kIeee};
inline constexpr MiniFloat kFloat8E5M2FNUZ{5, 2, 16, MiniFloat::Special::kNanForZero};
inline constexpr MiniFloat kFloat4E2M1{2, 1, 1, MiniFloat::Special::kNone};
inline constexpr MiniFloat kFloat6E2M3{2, 3, 1, MiniFloat::Special::kNone};
inline constexpr MiniFloat kFloat6E3M2{3, 2, 3, MiniFloat::Special::kNone};

float mini_float_to_float(MiniFloat format, std::uint8_t bits);

// Rounds half to even. What is too large becomes the largest number where `saturate` is set, and
// infinity or NaN where not (the largest number in a format that has neither). NaN stays NaN; in a
// format without it, it becomes the largest number.
std::uint8_t float_to_mini_float(MiniFloat format, float value, bool saturate);

// E8M0: a power of two, 2^(bits - 127), with 255 for NaN. Rounds half up in the exponent; what is
// not positive becomes NaN.
float float8_e8m0_to_float(std::uint8_t bits);
std::uint8_t float_to_float8_e8m0(float value);

}  // namespace lathe
