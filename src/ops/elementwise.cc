#include "ops/elementwise.h"

namespace lathe::ops {

Result<Types> infer_broadcast(const InferContext& context, ir::DataType type) {
  ir::Shape shape;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    if (!context.input(i).shape) return std::vector{ir::TensorType{type, std::nullopt}};
    ASSIGN_OR_RETURN(shape, broadcast_shapes(shape, *context.input(i).shape));
  }
  return std::vector{ir::TensorType{type, std::move(shape)}};
}

Result<Types> infer_binary(const InferContext& context) {
  return infer_broadcast(context, context.input(0).data_type);
}

Status require_no_integer_zero(const ir::Tensor& divisor) {
  if (!ir::is_integer(divisor.data_type())) return {};
  for (std::int64_t i = 0; i < divisor.num_elements(); ++i) {
    if (divisor.get_int64(i) == 0) return invalid_data("integer division by zero");
  }
  return {};
}

}  // namespace lathe::ops
