#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::Tensor>> evaluate_leaky_relu(const EvaluateContext& context) {
  const float alpha = context.node.attribute_float("alpha", 0.01F);
  return evaluate_unary_float(context.inputs[0], [alpha](auto x) {
    using T = decltype(x);
    return x < T{0} ? static_cast<T>(alpha) * x : x;
  });
}

}  // namespace

OpDef define_LeakyRelu() {
  return {.name = "LeakyRelu",
          .attributes = {{"alpha", AttributeKind::kFloat}},
          .infer = infer_like_float_input,
          .evaluate = evaluate_leaky_relu};
}

}  // namespace lathe::ops
