#include "ops/elementwise.h"

namespace lathe::ops {

Result<Types> infer_binary(const InferContext& context) {
  const ir::DataType type = context.input(0).data_type;
  const ir::TensorType& a = context.input(0);
  const ir::TensorType& b = context.input(1);
  ir::TensorType y{type, std::nullopt};
  if (a.shape && b.shape) {
    ASSIGN_OR_RETURN(y.shape, broadcast_shapes(*a.shape, *b.shape));
  }
  return std::vector{y};
}

}  // namespace lathe::ops
