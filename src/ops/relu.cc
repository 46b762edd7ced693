#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::Tensor>> evaluate_relu(const EvaluateContext& context) {
  return evaluate_unary_float(context.inputs[0], [](auto x) {
    using T = decltype(x);
    return x < T{0} ? T{0} : x;
  });
}

}  // namespace

OpDef define_Relu() {
  return {.name = "Relu", .infer = infer_like_float_input, .evaluate = evaluate_relu};
}

}  // namespace lathe::ops
