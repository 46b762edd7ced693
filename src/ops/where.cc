#include "ops/element_copy.h"
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// Inputs: condition, X, Y, broadcast together.
Result<Types> infer_where(const InferContext& context) {
  return infer_broadcast(context, context.input(1).data_type);
}

Result<Values> evaluate_where(const EvaluateContext& context) {
  const ir::Tensor& condition = context.inputs[0];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(context.inputs[1].data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  Dims strides[3];
  for (std::size_t i = 0; i < 3; ++i)
    strides[i] = broadcast_strides(context.inputs[i].dims(), dims);
  ElementCopier from_x(context.inputs[1], y);
  ElementCopier from_y(context.inputs[2], y);
  Dims index(dims.size(), 0);
  std::int64_t element = 0;
  do {
    std::int64_t at[3] = {0, 0, 0};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t d = 0; d < dims.size(); ++d) at[i] += index[d] * strides[i][d];
    }
    if (condition.get_int64(at[0]) != 0) {
      from_x.copy(at[1], element++);
    } else {
      from_y.copy(at[2], element++);
    }
  } while (next_index(index, dims));
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Where() {
  return {.name = "Where",
          .infer = infer_where,
          .evaluate = evaluate_where,
          .symbolic = symbolic_movement};
}

}  // namespace lathe::ops
