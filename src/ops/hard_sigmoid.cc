#include <algorithm>

#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_hard_sigmoid(const EvaluateContext& context) {
  const float alpha = context.attributes().get_float("alpha");
  const float beta = context.attributes().get_float("beta");
  return evaluate_unary_float(context.inputs[0], [alpha, beta](auto x) {
    using T = decltype(x);
    return std::max(T{0}, std::min(T{1}, static_cast<T>(alpha) * x + static_cast<T>(beta)));
  });
}

}  // namespace

OpDef define_HardSigmoid() {
  return {.name = "HardSigmoid",
          .infer = infer_like_float_input,
          .evaluate = evaluate_hard_sigmoid,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
