#include "ops/axes_input.h"
#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_tile(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  ASSIGN_OR_RETURN(const auto repeats, shape_from_input(context, 1));
  if (!x.shape) return std::vector{x};
  if (repeats && repeats->size() != x.shape->size())
    return invalid_data("repeats has {} values for rank {}", repeats->size(), x.shape->size());
  ir::Shape shape(x.shape->size());
  for (std::size_t d = 0; repeats && d < shape.size(); ++d)
    shape[d] = ir::Dim((*x.shape)[d].symbolic() * (*repeats)[d].symbolic());
  return std::vector{ir::TensorType{x.data_type, std::move(shape)}};
}

Result<Values> evaluate_tile(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const auto dims = ir::known_dims(*context.output_types[0].shape);
  if (!dims) return invalid_data("the result has more elements than can be counted");
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), *dims));
  const Dims strides = row_major_strides(x.dims());
  ElementCopier copier(x, y);
  Dims index(y.rank(), 0);
  for (std::int64_t o = 0; o < y.num_elements(); ++o) {
    std::int64_t i = 0;
    for (std::size_t d = 0; d < index.size(); ++d) i += index[d] % x.dim(d) * strides[d];
    copier.copy(i, o);
    next_index(index, y.dims());
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Tile() {
  return {.name = "Tile",
          .infer = infer_tile,
          .evaluate = evaluate_tile,
          .traits = {.moves_elements = true},
          .operand_shapes = {{1, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
