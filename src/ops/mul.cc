#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_mul(const EvaluateContext& context) {
  return evaluate_binary(
      context, [](auto a, auto b) { return wrapping(a, b, [](auto x, auto y) { return x * y; }); });
}

}  // namespace

OpDef define_Mul() {
  return {.name = "Mul",
          .infer = infer_binary,
          .evaluate = evaluate_mul,
          .traits = {.binary_elementwise = true},
          .symbolic = symbolic_product};
}

}  // namespace lathe::ops
