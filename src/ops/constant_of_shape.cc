#include "ops/axes_input.h"
#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

ir::Tensor filling_value(const Attributes& attributes) {
  const ir::Attribute* value = attributes.find("value");
  return value == nullptr ? ir::Tensor::scalar(0.0F) : std::get<ir::Tensor>(*value);
}

Result<Types> infer_constant_of_shape(const InferContext& context) {
  const ir::Tensor value = filling_value(context.attributes());
  if (value.num_elements() != 1 || !ir::is_numeric(value.data_type())) {
    return invalid_data("attribute 'value' is {}, expected one number", value.type().to_string());
  }
  ASSIGN_OR_RETURN(auto shape, shape_from_input(context, 0));
  return std::vector{ir::TensorType{value.data_type(), std::move(shape)}};
}

Result<Values> evaluate_constant_of_shape(const EvaluateContext& context) {
  const ir::Tensor value = filling_value(context.attributes());
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(value.data_type(), require_dims(context.output_types[0])));
  copy_strided(value, y, 0, Dims(y.rank(), 0));
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_ConstantOfShape() {
  return {.name = "ConstantOfShape",
          .infer = infer_constant_of_shape,
          .evaluate = evaluate_constant_of_shape,
          .operand_shapes = {{0, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
