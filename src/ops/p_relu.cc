#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Types> infer_p_relu(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  const ir::TensorType& slope = context.input(1);
  if (!x.shape || !slope.shape) return std::vector{x};
  ASSIGN_OR_RETURN(ir::Shape shape, broadcast_to(*slope.shape, *x.shape));
  return std::vector{ir::TensorType{x.data_type, std::move(shape)}};
}

Result<Values> evaluate_p_relu(const EvaluateContext& context) {
  return evaluate_binary(context, [](auto x, auto slope) {
    using T = decltype(x);
    if (!(x < T{0})) return x;
    return wrapping(x, slope, [](auto a, auto b) { return a * b; });
  });
}

}  // namespace

OpDef define_PRelu() {
  return {.name = "PRelu",
          .infer = infer_p_relu,
          .evaluate = evaluate_p_relu,
          .traits = {.binary_elementwise = true}};
}

}  // namespace lathe::ops
