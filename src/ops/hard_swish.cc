#include <algorithm>

#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_hard_swish(const EvaluateContext& context) {
  return evaluate_unary_float(context.inputs[0], [](auto x) {
    using T = decltype(x);
    return x * std::max(T{0}, std::min(T{1}, x / T{6} + T{0.5}));
  });
}

}  // namespace

OpDef define_HardSwish() {
  return {.name = "HardSwish",
          .infer = infer_like_float_input,
          .evaluate = evaluate_hard_swish,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
