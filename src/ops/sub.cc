#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::Tensor>> evaluate_sub(const EvaluateContext& context) {
  return evaluate_binary(
      context, [](auto a, auto b) { return wrapping(a, b, [](auto x, auto y) { return x - y; }); });
}

}  // namespace

OpDef define_Sub() {
  return {.name = "Sub",
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = infer_binary,
          .evaluate = evaluate_sub};
}

}  // namespace lathe::ops
