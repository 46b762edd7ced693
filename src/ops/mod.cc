#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// The remainder of the quotient rounded towards zero: it has the sign of `a`.
template <typename T>
T truncated_remainder(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, b);
  } else {
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return 0;  // the quotient may not fit
    }
    return static_cast<T>(a % b);
  }
}

// Of the quotient rounded down, as Python has it: it has the sign of `b`.
template <typename T>
T floored_remainder(T a, T b) {
  const T remainder = truncated_remainder(a, b);
  if (remainder != T{0}) {
    const bool fits = (remainder < T{0}) == (b < T{0});
    return fits ? remainder : static_cast<T>(remainder + b);
  }
  if constexpr (std::is_floating_point_v<T>) return std::copysign(remainder, b);
  return remainder;
}

Result<Values> evaluate_mod(const EvaluateContext& context) {
  RETURN_IF_ERROR(require_no_integer_zero(context.inputs[1]));
  if (context.attributes().get_bool("fmod")) {
    return evaluate_binary(context, [](auto a, auto b) { return truncated_remainder(a, b); });
  }
  return evaluate_binary(context, [](auto a, auto b) { return floored_remainder(a, b); });
}

}  // namespace

OpDef define_Mod() {
  return {.name = "Mod",
          .infer = infer_binary,
          .evaluate = evaluate_mod,
          .traits = {.binary_elementwise = true}};
}

}  // namespace lathe::ops
