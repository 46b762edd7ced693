#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// x * tanh(log(1 + exp(x))), whose exp() does not overflow like this.
Result<Values> evaluate_mish(const EvaluateContext& context) {
  return evaluate_unary_float(context.inputs[0], []<typename T>(T x) {
    return x * std::tanh((x > T{0} ? x : T{0}) + std::log1p(std::exp(-std::abs(x))));
  });
}

}  // namespace

OpDef define_Mish() {
  return {.name = "Mish",
          .infer = infer_like_float_input,
          .evaluate = evaluate_mish,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
