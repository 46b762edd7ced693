#include "base/mini_float.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace lathe {
namespace {

using Special = MiniFloat::Special;

int total_bits(MiniFloat format) { return 1 + format.exponent_bits + format.mantissa_bits; }

unsigned sign_mask(MiniFloat format) { return 1U << (total_bits(format) - 1); }

// The pattern, without a sign, of the largest number.
unsigned largest(MiniFloat format) {
  const unsigned all = sign_mask(format) - 1;
  switch (format.special) {
    case Special::kIeee:
      return all - (1U << format.mantissa_bits);
    case Special::kNanOnly:
      return all - 1;
    default:
      return all;
  }
}

// Where `magnitude` may lie beyond the largest number: the pattern of what follows it.
unsigned round_magnitude(MiniFloat format, double magnitude) {
  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude is in [2^(exponent-1), 2^exponent)
  const int lowest = 1 - format.bias;
  const int scale = std::max(exponent - 1, lowest);
  const double units = std::nearbyint(std::ldexp(magnitude, format.mantissa_bits - scale));
  // The field counts from 0 for the subnormal numbers; the hidden bit of all others adds 1 to it,
  // as a carry out of the mantissa does.
  const auto field = static_cast<unsigned>(std::min(scale - lowest, 1 << format.exponent_bits));
  return (field << format.mantissa_bits) + static_cast<unsigned>(units);
}

}  // namespace

float mini_float_to_float(MiniFloat format, std::uint8_t bits) {
  const unsigned magnitude = bits & (sign_mask(format) - 1);
  const bool negative = (bits & sign_mask(format)) != 0;
  if (format.special == Special::kNanForZero && negative && magnitude == 0)
    return std::numeric_limits<float>::quiet_NaN();
  if (magnitude > largest(format)) {
    const bool infinite = format.special == Special::kIeee && magnitude == largest(format) + 1;
    const float value =
        infinite ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    return negative ? -value : value;
  }
  const auto exponent = static_cast<int>(magnitude >> format.mantissa_bits);
  auto mantissa = static_cast<int>(magnitude & ((1U << format.mantissa_bits) - 1));
  if (exponent > 0) mantissa += 1 << format.mantissa_bits;
  const float value = std::ldexp(static_cast<float>(mantissa),
                                 std::max(exponent, 1) - format.bias - format.mantissa_bits);
  return negative ? -value : value;
}

std::uint8_t float_to_mini_float(MiniFloat format, float value, bool saturate) {
  const unsigned most = largest(format);
  const unsigned nan = format.special == Special::kNanForZero ? sign_mask(format)
                       : format.special == Special::kNone     ? most
                                                              : sign_mask(format) - 1;
  if (std::isnan(value)) return static_cast<std::uint8_t>(nan);
  unsigned magnitude = most + 1;
  if (std::isfinite(value)) {
    magnitude = value == 0 ? 0 : round_magnitude(format, std::fabs(static_cast<double>(value)));
  }
  if (magnitude > most) {
    if (saturate || format.special == Special::kNone) {
      magnitude = most;
    } else if (format.special == Special::kIeee) {
      magnitude = most + 1;
    } else {
      return static_cast<std::uint8_t>(
          nan | (format.special == Special::kNanOnly && value < 0 ? sign_mask(format) : 0));
    }
  }
  const bool unsigned_zero = format.special == Special::kNanForZero && magnitude == 0;
  if (std::signbit(value) && !unsigned_zero) magnitude |= sign_mask(format);
  return static_cast<std::uint8_t>(magnitude);
}

float float8_e8m0_to_float(std::uint8_t bits) {
  return bits == 0xff ? std::numeric_limits<float>::quiet_NaN()
                      : std::ldexp(1.0F, static_cast<int>(bits) - 127);
}

std::uint8_t float_to_float8_e8m0(float value) {
  if (!(value > 0)) return 0xff;
  if (std::isinf(value)) return 0xfe;
  int exponent = 0;
  const float fraction = std::frexp(value, &exponent);  // in [0.5, 1)
  const int rounded = exponent - 1 + (fraction >= 0.75F ? 1 : 0);
  return static_cast<std::uint8_t>(std::clamp(rounded + 127, 0, 0xfe));
}

}  // namespace lathe
