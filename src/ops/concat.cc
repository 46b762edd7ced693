#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_concat(const InferContext& context) {
  const ir::DataType type = context.input(0).data_type;
  ir::TensorType result{type, std::nullopt};
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    if (!context.input(i).shape) return std::vector{ir::TensorType{type, std::nullopt}};
    const ir::Shape& shape = *context.input(i).shape;
    ASSIGN_OR_RETURN(const std::size_t axis,
                     normalize_axis(context.attributes().get_int("axis"), shape.size()));
    if (i == 0) {
      result.shape = shape;
      continue;
    }
    ir::Shape& sum = *result.shape;
    if (shape.size() != sum.size())
      return invalid_data("input {} has rank {}, expected {}", i, shape.size(), sum.size());
    for (std::size_t d = 0; d < sum.size(); ++d) {
      if (d == axis) {
        sum[d] = ir::Dim(sum[d].symbolic() + shape[d].symbolic());
      } else if (sum[d].known() && shape[d].known() && sum[d] != shape[d]) {
        return invalid_data("input {} has shape {}, which differs from {} beside axis {}", i,
                            ir::to_string(shape), ir::to_string(*context.input(0).shape), axis);
      } else if (!sum[d].known() && shape[d].known()) {
        sum[d] = shape[d];
      }
    }
  }
  return std::vector{result};
}

Result<Values> evaluate_concat(const EvaluateContext& context) {
  const Dims dims = require_dims(context.output_types[0]);
  const std::size_t axis =
      normalize_axis(context.attributes().get_int("axis"), dims.size()).value();
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(context.output_types[0].data_type, dims));
  std::int64_t outer = 1;
  std::int64_t inner = 1;
  for (std::size_t d = 0; d < axis; ++d) outer *= dims[d];
  for (std::size_t d = axis + 1; d < dims.size(); ++d) inner *= dims[d];
  std::int64_t begin = 0;
  for (const ir::Tensor& x : context.inputs) {
    const std::int64_t block = x.dim(axis) * inner;
    ElementCopier copier(x, y);
    for (std::int64_t o = 0; o < outer; ++o) {
      for (std::int64_t i = 0; i < block; ++i)
        copier.copy(o * block + i, o * dims[axis] * inner + begin + i);
    }
    begin += block;
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Concat() {
  return {.name = "Concat",
          .infer = infer_concat,
          .evaluate = evaluate_concat,
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
