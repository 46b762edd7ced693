#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_thresholded_relu(const EvaluateContext& context) {
  const float alpha = context.attributes().get_float("alpha");
  return evaluate_unary_float(context.inputs[0], [alpha](auto x) {
    using T = decltype(x);
    return x > static_cast<T>(alpha) ? x : T{0};
  });
}

}  // namespace

OpDef define_ThresholdedRelu() {
  return {.name = "ThresholdedRelu",
          .infer = infer_like_float_input,
          .evaluate = evaluate_thresholded_relu,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
