#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_leaky_relu(const EvaluateContext& context) {
  const float alpha = context.attributes().get_float("alpha");
  return evaluate_unary_float(context.inputs[0], [alpha](auto x) {
    using T = decltype(x);
    return x < T{0} ? static_cast<T>(alpha) * x : x;
  });
}

}  // namespace

OpDef define_LeakyRelu() {
  return {.name = "LeakyRelu",
          .infer = infer_like_float_input,
          .evaluate = evaluate_leaky_relu,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
