#include <limits>

#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Types> infer_bit_shift(const InferContext& context) {
  const std::string& direction = context.attributes().get_string("direction");
  if (direction != "LEFT" && direction != "RIGHT")
    return invalid_data("direction is '{}', expected 'LEFT' or 'RIGHT'", direction);
  return infer_binary(context);
}

// A count of bits that is negative, or more than there are, leaves what the sign alone makes.
template <typename T>
T shift_bits(T x, T count, bool left) {
  if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    constexpr int kBits = std::numeric_limits<Bits>::digits;
    if (count < T{0} || static_cast<Bits>(count) >= kBits)
      return !left && x < T{0} ? static_cast<T>(-1) : T{0};
    if (left) return static_cast<T>(static_cast<Bits>(x) << count);
    return static_cast<T>(x >> count);
  } else {
    return x;  // the signature takes no floating point
  }
}

Result<Values> evaluate_bit_shift(const EvaluateContext& context) {
  const bool left = context.attributes().get_string("direction") == "LEFT";
  return evaluate_binary(context,
                         [left](auto x, auto count) { return shift_bits(x, count, left); });
}

}  // namespace

OpDef define_BitShift() {
  return {.name = "BitShift",
          .infer = infer_bit_shift,
          .evaluate = evaluate_bit_shift,
          .traits = {.binary_elementwise = true}};
}

}  // namespace lathe::ops
