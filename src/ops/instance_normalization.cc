#include "ops/normalization.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_instance_normalization(const InferContext& context) {
  RETURN_IF_ERROR(check_channels(context));
  return infer_like_float_input(context);
}

Result<Values> evaluate_instance_normalization(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(ir::Tensor y, normalize_groups(context, context.inputs[0].dim(1)));
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_InstanceNormalization() {
  return {.name = "InstanceNormalization",
          .infer = infer_instance_normalization,
          .evaluate = evaluate_instance_normalization,
          .operand_shapes = {{1, OperandShape::Rule::kVector}, {2, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
