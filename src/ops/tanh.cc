#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_tanh(const EvaluateContext& context) {
  return evaluate_unary_float(context.inputs[0], [](auto x) {
    using T = decltype(x);
    return static_cast<T>(std::tanh(x));
  });
}

}  // namespace

OpDef define_Tanh() {
  return {.name = "Tanh",
          .infer = infer_like_float_input,
          .evaluate = evaluate_tanh,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
