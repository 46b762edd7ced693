#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::Tensor>> evaluate_mul(const EvaluateContext& context) {
  return evaluate_binary(
      context, [](auto a, auto b) { return wrapping(a, b, [](auto x, auto y) { return x * y; }); });
}

}  // namespace

OpDef define_Mul() {
  return {.name = "Mul",
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = infer_binary,
          .evaluate = evaluate_mul};
}

}  // namespace lathe::ops
