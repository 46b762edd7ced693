#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_gather_elements(const InferContext& context) {
  const ir::TensorType& data = context.input(0);
  const auto& indices = context.input(1).shape;
  if (data.shape) {
    ASSIGN_OR_RETURN(const std::size_t axis,
                     normalize_axis(context.attributes().get_int("axis"), data.shape->size()));
    if (indices && indices->size() != data.shape->size()) {
      return invalid_data("indices have rank {}, expected {}", indices->size(), data.shape->size());
    }
    for (std::size_t d = 0; indices && d < indices->size(); ++d) {
      const ir::Dim& wanted = (*indices)[d];
      const ir::Dim& there = (*data.shape)[d];
      if (d != axis && wanted.known() && there.known() && wanted.value() > there.value()) {
        return invalid_data("indices have shape {}, which exceeds {} beside axis {}",
                            ir::to_string(*indices), ir::to_string(*data.shape), axis);
      }
    }
  }
  return std::vector{ir::TensorType{data.data_type, indices}};
}

Result<Values> evaluate_gather_elements(const EvaluateContext& context) {
  const ir::Tensor& data = context.inputs[0];
  const ir::Tensor& indices = context.inputs[1];
  const std::size_t axis =
      normalize_axis(context.attributes().get_int("axis"), data.rank()).value();
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(data.data_type(), indices.dims()));
  const Dims strides = row_major_strides(data.dims());
  ElementCopier copier(data, y);
  Dims position(indices.rank(), 0);
  for (std::int64_t o = 0; o < y.num_elements(); ++o) {
    ASSIGN_OR_RETURN(const std::int64_t index,
                     normalize_index(indices.get_int64(o), data.dim(axis)));
    std::int64_t i = 0;
    for (std::size_t d = 0; d < position.size(); ++d)
      i += (d == axis ? index : position[d]) * strides[d];
    copier.copy(i, o);
    next_index(position, indices.dims());
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_GatherElements() {
  return {.name = "GatherElements",
          .infer = infer_gather_elements,
          .evaluate = evaluate_gather_elements,
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
