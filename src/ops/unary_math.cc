// Functions of one number that are one line each.
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// `Function` has no state.
template <typename Function>
OpDef function_of_float(std::string_view name, Function) {
  return {.name = name,
          .infer = infer_like_float_input,
          .evaluate = [](const EvaluateContext& context) -> Result<Values> {
            return evaluate_unary_float(context.inputs[0], Function{});
          },
          .traits = {.unary_elementwise = true}};
}

// The same, of integers too.
template <typename Function>
OpDef function_of_number(std::string_view name, Function) {
  return {.name = name,
          .infer = infer_like_input,
          .evaluate = [](const EvaluateContext& context) -> Result<Values> {
            return evaluate_unary(context.inputs[0], Function{});
          },
          .traits = {.unary_elementwise = true}};
}

template <typename T>
T negative(T x) {
  if constexpr (std::is_floating_point_v<T>) return -x;
  return wrapping(T{0}, x, [](auto a, auto b) { return a - b; });
}

}  // namespace

OpDef define_Abs() {
  return function_of_number("Abs", []<typename T>(T x) {
    if constexpr (std::is_floating_point_v<T>) return std::abs(x);
    return x < T{0} ? negative(x) : x;
  });
}

OpDef define_Neg() {
  return function_of_number("Neg", [](auto x) { return negative(x); });
}

// Of NaN it is NaN.
OpDef define_Sign() {
  return function_of_number("Sign", []<typename T>(T x) {
    if (x > T{0}) return T{1};
    return x < T{0} ? negative(T{1}) : x;
  });
}

OpDef define_Acos() {
  return function_of_float("Acos", [](auto x) { return std::acos(x); });
}

OpDef define_Acosh() {
  return function_of_float("Acosh", [](auto x) { return std::acosh(x); });
}

OpDef define_Asin() {
  return function_of_float("Asin", [](auto x) { return std::asin(x); });
}

OpDef define_Asinh() {
  return function_of_float("Asinh", [](auto x) { return std::asinh(x); });
}

OpDef define_Atan() {
  return function_of_float("Atan", [](auto x) { return std::atan(x); });
}

OpDef define_Atanh() {
  return function_of_float("Atanh", [](auto x) { return std::atanh(x); });
}

OpDef define_Ceil() {
  return function_of_float("Ceil", [](auto x) { return std::ceil(x); });
}

OpDef define_Cos() {
  return function_of_float("Cos", [](auto x) { return std::cos(x); });
}

OpDef define_Cosh() {
  return function_of_float("Cosh", [](auto x) { return std::cosh(x); });
}

OpDef define_Exp() {
  return function_of_float("Exp", [](auto x) { return std::exp(x); });
}

OpDef define_Floor() {
  return function_of_float("Floor", [](auto x) { return std::floor(x); });
}

OpDef define_Log() {
  return function_of_float("Log", [](auto x) { return std::log(x); });
}

OpDef define_Reciprocal() {
  return function_of_float("Reciprocal", [](auto x) { return 1 / x; });
}

// Halves go to the even neighbour.
OpDef define_Round() {
  return function_of_float("Round", [](auto x) { return std::nearbyint(x); });
}

OpDef define_Sin() {
  return function_of_float("Sin", [](auto x) { return std::sin(x); });
}

OpDef define_Sinh() {
  return function_of_float("Sinh", [](auto x) { return std::sinh(x); });
}

// log(exp(x) + 1), which does not overflow like this.
OpDef define_Softplus() {
  return function_of_float("Softplus", []<typename T>(T x) {
    return (x > T{0} ? x : T{0}) + std::log1p(std::exp(-std::abs(x)));
  });
}

OpDef define_Softsign() {
  return function_of_float("Softsign", [](auto x) { return x / (1 + std::abs(x)); });
}

OpDef define_Sqrt() {
  return function_of_float("Sqrt", [](auto x) { return std::sqrt(x); });
}

OpDef define_Tan() {
  return function_of_float("Tan", [](auto x) { return std::tan(x); });
}

}  // namespace lathe::ops
