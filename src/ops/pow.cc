#include "ops/convert_number.h"
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// Integers to the power of integers, exactly; what is too large wraps around. A negative power is
// the integer part of the fraction that it means.
template <typename T, typename E>
T integer_power(T base, E exponent) {
  if (exponent < E{0}) {
    if (base == T{1}) return base;
    return base == static_cast<T>(-1) ? static_cast<T>(exponent % 2 == 0 ? 1 : -1) : T{0};
  }
  const auto multiply = [](auto a, auto b) { return a * b; };
  T power = 1;
  for (T square = base; exponent != E{0}; exponent = static_cast<E>(exponent / 2)) {
    if (exponent % 2 != 0) power = wrapping(power, square, multiply);
    square = wrapping(square, square, multiply);
  }
  return power;
}

// 0 has no negative power among the integers.
template <typename T, typename E>
bool is_defined(T base, E exponent) {
  constexpr bool kIntegers = std::is_integral_v<T> && std::is_integral_v<E>;
  return !kIntegers || base != T{0} || !(exponent < E{0});
}

Result<Values> evaluate_pow(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& exponents = context.inputs[1];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  bool defined = true;
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    dispatch_numeric(exponents.data_type(), [&]<typename E>() {
      fill_broadcast<T, E, T>(x, exponents, y, [&](T base, E exponent) {
        defined = defined && is_defined(base, exponent);
        if constexpr (std::is_integral_v<T> && std::is_integral_v<E>) {
          return integer_power(base, exponent);
        } else {
          return convert_number<T>(
              std::pow(static_cast<double>(base), static_cast<double>(exponent)));
        }
      });
    });
  });
  if (!defined) return invalid_data("0 to the power of a negative integer");
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Pow() {
  return {.name = "Pow",
          .infer = infer_binary,
          .evaluate = evaluate_pow,
          .traits = {.binary_elementwise = true}};
}

}  // namespace lathe::ops
