#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_gather(const InferContext& context) {
  const ir::TensorType& data = context.input(0);
  const ir::TensorType& indices = context.input(1);
  ir::TensorType y{data.data_type, std::nullopt};
  if (!data.shape) return std::vector{y};
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), data.shape->size()));
  if (!indices.shape) return std::vector{y};
  // The indices' axes take the place of `axis`.
  y.shape = *data.shape;
  const auto at = y.shape->erase(y.shape->begin() + static_cast<std::ptrdiff_t>(axis));
  y.shape->insert(at, indices.shape->begin(), indices.shape->end());
  return std::vector{y};
}

Result<Values> evaluate_gather(const EvaluateContext& context) {
  const ir::Tensor& data = context.inputs[0];
  const std::size_t axis =
      normalize_axis(context.attributes().get_int("axis"), data.rank()).value();
  Dims indices = context.inputs[1].to_int64s();
  for (std::int64_t& index : indices) {
    ASSIGN_OR_RETURN(index, normalize_index(index, data.dim(axis)));
  }
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(data.data_type(), require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const std::int64_t inner = row_major_strides(data.dims())[axis];
  const std::int64_t block = data.dim(axis) * inner;
  ElementCopier copier(data, y);
  std::int64_t o = 0;
  for (std::int64_t first = 0; first < data.num_elements(); first += block) {
    for (const std::int64_t index : indices) {
      for (std::int64_t i = 0; i < inner; ++i) copier.copy(first + index * inner + i, o++);
    }
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Gather() {
  return {.name = "Gather",
          .infer = infer_gather,
          .evaluate = evaluate_gather,
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
