#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// max(0, x) + min(0, alpha * (exp(x / alpha) - 1)), as it stands: alpha may be negative, or 0.
Result<Values> evaluate_celu(const EvaluateContext& context) {
  const float alpha = context.attributes().get_float("alpha");
  return evaluate_unary_float(context.inputs[0], [alpha](auto x) {
    using T = decltype(x);
    const T bend = static_cast<T>(alpha) * std::expm1(x / static_cast<T>(alpha));
    return (x > T{0} ? x : T{0}) + (bend > T{0} ? T{0} : bend);
  });
}

}  // namespace

OpDef define_Celu() {
  return {.name = "Celu",
          .infer = infer_like_float_input,
          .evaluate = evaluate_celu,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
