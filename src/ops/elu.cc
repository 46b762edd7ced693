// Elu and Selu.
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_elu(const EvaluateContext& context) {
  const float alpha = context.attributes().get_float("alpha");
  return evaluate_unary_float(context.inputs[0], [alpha](auto x) {
    using T = decltype(x);
    return x < T{0} ? static_cast<T>(alpha) * std::expm1(x) : x;
  });
}

Result<Values> evaluate_selu(const EvaluateContext& context) {
  const float alpha = context.attributes().get_float("alpha");
  const float gamma = context.attributes().get_float("gamma");
  return evaluate_unary_float(context.inputs[0], [alpha, gamma](auto x) {
    using T = decltype(x);
    return static_cast<T>(gamma) * (x > T{0} ? x : static_cast<T>(alpha) * std::expm1(x));
  });
}

}  // namespace

OpDef define_Elu() {
  return {.name = "Elu",
          .infer = infer_like_float_input,
          .evaluate = evaluate_elu,
          .traits = {.unary_elementwise = true}};
}

OpDef define_Selu() {
  return {.name = "Selu",
          .infer = infer_like_float_input,
          .evaluate = evaluate_selu,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
