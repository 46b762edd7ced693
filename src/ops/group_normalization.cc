#include "ops/normalization.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_group_normalization(const InferContext& context) {
  RETURN_IF_ERROR(check_channels(context));
  RETURN_IF_ERROR(stash_type(context));
  const std::int64_t groups = context.attributes().get_int("num_groups");
  if (groups < 1) return invalid_data("num_groups is {}", groups);
  const auto& x = context.input(0).shape;
  if (x && (*x)[1].known() && (*x)[1].value() % groups != 0) {
    return invalid_data("{} channels are not divisible by num_groups {}", (*x)[1].value(), groups);
  }
  return infer_like_float_input(context);
}

Result<Values> evaluate_group_normalization(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(ir::Tensor y,
                   normalize_groups(context, context.attributes().get_int("num_groups")));
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_GroupNormalization() {
  return {.name = "GroupNormalization",
          .infer = infer_group_normalization,
          .evaluate = evaluate_group_normalization,
          .operand_shapes = {{1, OperandShape::Rule::kVector}, {2, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
