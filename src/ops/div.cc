#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_div(const EvaluateContext& context) {
  RETURN_IF_ERROR(require_no_integer_zero(context.inputs[1]));
  return evaluate_binary(context, [](auto a, auto b) {
    using T = decltype(a);
    if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
      if (b == -1) return wrapping(T{0}, a, [](auto x, auto y) { return x - y; });
    }
    return static_cast<T>(a / b);
  });
}

}  // namespace

OpDef define_Div() {
  return {.name = "Div",
          .infer = infer_binary,
          .evaluate = evaluate_div,
          .traits = {.binary_elementwise = true},
          .symbolic = symbolic_quotient};
}

}  // namespace lathe::ops
