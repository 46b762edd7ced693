#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_sigmoid(const EvaluateContext& context) {
  return evaluate_unary_float(context.inputs[0], [](auto x) {
    using T = decltype(x);
    return T{1} / (T{1} + std::exp(-x));
  });
}

}  // namespace

OpDef define_Sigmoid() {
  return {.name = "Sigmoid",
          .infer = infer_like_float_input,
          .evaluate = evaluate_sigmoid,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
