#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::Tensor>> evaluate_identity(const EvaluateContext& context) {
  return std::vector{context.inputs[0]};
}

}  // namespace

OpDef define_Identity() {
  return {.name = "Identity", .infer = infer_like_input, .evaluate = evaluate_identity};
}

}  // namespace lathe::ops
