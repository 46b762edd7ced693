#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_erf(const EvaluateContext& context) {
  return evaluate_unary_float(context.inputs[0], [](auto x) {
    using T = decltype(x);
    return static_cast<T>(std::erf(x));
  });
}

}  // namespace

OpDef define_Erf() {
  return {.name = "Erf",
          .infer = infer_like_float_input,
          .evaluate = evaluate_erf,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
