#include <numbers>

#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Types> infer_gelu(const InferContext& context) {
  const std::string& approximate = context.attributes().get_string("approximate");
  if (approximate != "none" && approximate != "tanh")
    return invalid_data("attribute 'approximate' is '{}', expected none or tanh", approximate);
  return infer_like_float_input(context);
}

Result<Values> evaluate_gelu(const EvaluateContext& context) {
  const bool by_tanh = context.attributes().get_string("approximate") == "tanh";
  return evaluate_unary_float(context.inputs[0], [by_tanh](auto x) {
    using T = decltype(x);
    constexpr T kRootOfHalf = std::numbers::sqrt2_v<T> / 2;
    if (!by_tanh) return x / 2 * (1 + std::erf(x * kRootOfHalf));
    const T scale = std::numbers::sqrt2_v<T> * std::numbers::inv_sqrtpi_v<T>;
    return x / 2 * (1 + std::tanh(scale * (x + static_cast<T>(0.044715) * x * x * x)));
  });
}

}  // namespace

OpDef define_Gelu() {
  return {.name = "Gelu",
          .infer = infer_gelu,
          .evaluate = evaluate_gelu,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
