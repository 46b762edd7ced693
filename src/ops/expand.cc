#include "ops/axes_input.h"
#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_expand(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  ASSIGN_OR_RETURN(const auto target, shape_from_input(context, 1));
  ir::TensorType y{x.data_type, std::nullopt};
  if (x.shape && target) {
    ASSIGN_OR_RETURN(y.shape, broadcast_shapes(*x.shape, *target));
  }
  return std::vector{y};
}

Result<Values> evaluate_expand(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  copy_strided(x, y, 0, broadcast_strides(x.dims(), y.dims()));
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Expand() {
  return {.name = "Expand",
          .infer = infer_expand,
          .evaluate = evaluate_expand,
          .traits = {.moves_elements = true},
          .operand_shapes = {{1, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
