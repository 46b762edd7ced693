#include "ops/elementwise.h"

namespace lathe::ops {

Result<std::vector<ir::TensorType>> infer_binary(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, common_data_type(context, 0, 2));
  if (!ir::is_floating_point(type) && (!ir::is_integer(type) || ir::bits_per_element(type) < 8)) {
    return invalid_data("inputs are {}, expected numbers", ir::data_type_name(type));
  }
  const ir::TensorType& a = context.input(0);
  const ir::TensorType& b = context.input(1);
  ir::TensorType y{type, std::nullopt};
  if (a.shape && b.shape) {
    ASSIGN_OR_RETURN(y.shape, broadcast_shapes(*a.shape, *b.shape));
  }
  return std::vector{y};
}

}  // namespace lathe::ops
