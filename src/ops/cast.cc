// Cast and CastLike.
#include "ops/cast_elements.h"

namespace lathe::ops {
namespace {

Result<Types> infer_cast_to(const InferContext& context, ir::DataType to) {
  RETURN_IF_ERROR(cast_rules(context.attributes()));
  RETURN_IF_ERROR(check_castable(context.input(0).data_type));
  RETURN_IF_ERROR(check_castable(to));
  return std::vector{ir::TensorType{to, context.input(0).shape}};
}

Result<Values> evaluate_cast_to(const EvaluateContext& context, ir::DataType to) {
  ASSIGN_OR_RETURN(const CastRules rules, cast_rules(context.attributes()));
  ASSIGN_OR_RETURN(ir::Tensor y, cast_elements(context.inputs[0], to, rules));
  return Values{std::vector{std::move(y)}};
}

Result<Types> infer_cast(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType to, element_type_of(context.attributes().get_int("to")));
  return infer_cast_to(context, to);
}

Result<Values> evaluate_cast(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType to, element_type_of(context.attributes().get_int("to")));
  return evaluate_cast_to(context, to);
}

Result<Types> infer_cast_like(const InferContext& context) {
  return infer_cast_to(context, context.input(1).data_type);
}

// The second input as it is, not widened.
Result<Values> evaluate_cast_like(const EvaluateContext& context) {
  return evaluate_cast_to(context, context.values[1].tensor()->data_type());
}

}  // namespace

OpDef define_Cast() {
  return {.name = "Cast",
          .infer = infer_cast,
          .evaluate = evaluate_cast,
          .traits = {.unary_elementwise = true},
          .symbolic = symbolic_copy};
}

OpDef define_CastLike() {
  return {.name = "CastLike",
          .infer = infer_cast_like,
          .evaluate = evaluate_cast_like,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
