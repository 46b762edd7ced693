#include <algorithm>

#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::Tensor>> evaluate_hard_sigmoid(const EvaluateContext& context) {
  const float alpha = context.node.attribute_float("alpha", 0.2F);
  const float beta = context.node.attribute_float("beta", 0.5F);
  return evaluate_unary_float(context.inputs[0], [alpha, beta](auto x) {
    using T = decltype(x);
    return std::max(T{0}, std::min(T{1}, static_cast<T>(alpha) * x + static_cast<T>(beta)));
  });
}

}  // namespace

OpDef define_HardSigmoid() {
  return {.name = "HardSigmoid",
          .attributes = {{"alpha", AttributeKind::kFloat}, {"beta", AttributeKind::kFloat}},
          .infer = infer_like_float_input,
          .evaluate = evaluate_hard_sigmoid};
}

}  // namespace lathe::ops
