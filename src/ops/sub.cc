#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_sub(const EvaluateContext& context) {
  return evaluate_binary(
      context, [](auto a, auto b) { return wrapping(a, b, [](auto x, auto y) { return x - y; }); });
}

}  // namespace

OpDef define_Sub() {
  return {.name = "Sub",
          .infer = infer_binary,
          .evaluate = evaluate_sub,
          .traits = {.binary_elementwise = true},
          .symbolic = symbolic_difference};
}

}  // namespace lathe::ops
