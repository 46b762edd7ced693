#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_relu(const EvaluateContext& context) {
  return evaluate_unary(context.inputs[0], [](auto x) {
    using T = decltype(x);
    return x < T{0} ? T{0} : x;
  });
}

}  // namespace

OpDef define_Relu() {
  return {.name = "Relu",
          .infer = infer_like_input,
          .evaluate = evaluate_relu,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
