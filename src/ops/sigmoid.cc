#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::Tensor>> evaluate(const EvaluateContext& context) {
  return evaluate_unary_float(context.inputs[0], [](auto x) {
    using T = decltype(x);
    return T{1} / (T{1} + std::exp(-x));
  });
}

}  // namespace

OpDef define_Sigmoid() {
  return {.name = "Sigmoid", .infer = infer_like_float_input, .evaluate = evaluate};
}

}  // namespace lathe::ops
