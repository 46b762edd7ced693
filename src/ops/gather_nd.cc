#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// The last axis of the indices holds positions in the data, behind its first `batch_dims` axes,
// which are those of the indices.
Result<Types> infer_gather_nd(const InferContext& context) {
  const ir::TensorType& data = context.input(0);
  const auto& indices = context.input(1).shape;
  ir::TensorType y{data.data_type, std::nullopt};
  if (indices && indices->empty()) return invalid_data("indices are a scalar");
  const std::int64_t batch = context.attributes().get_int("batch_dims");
  for (const auto* shape : {&data.shape, &indices}) {
    if (batch < 0 || (*shape && batch >= static_cast<std::int64_t>((*shape)->size())))
      return invalid_data("batch_dims is {}, expected less than both ranks", batch);
  }
  if (!data.shape || !indices) return std::vector{y};
  const auto batch_dims = static_cast<std::size_t>(batch);
  for (std::size_t d = 0; d < batch_dims; ++d) {
    const ir::Dim& a = (*data.shape)[d];
    const ir::Dim& b = (*indices)[d];
    if (a.known() && b.known() && a != b) {
      return invalid_data("shapes {} and {} differ in batch axis {}", ir::to_string(*data.shape),
                          ir::to_string(*indices), d);
    }
  }
  if (!indices->back().known()) return std::vector{y};
  const std::int64_t length = indices->back().value();
  if (length < 1 || length > static_cast<std::int64_t>(data.shape->size() - batch_dims)) {
    return invalid_data("indices have shape {}, but the data only {} axes behind the batch",
                        ir::to_string(*indices), data.shape->size() - batch_dims);
  }
  y.shape.emplace(indices->begin(), indices->end() - 1);
  y.shape->insert(y.shape->end(), data.shape->begin() + batch + length, data.shape->end());
  return std::vector{y};
}

Result<Values> evaluate_gather_nd(const EvaluateContext& context) {
  const ir::Tensor& data = context.inputs[0];
  const ir::Tensor& indices = context.inputs[1];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(data.data_type(), require_dims(context.output_types[0])));
  if (indices.num_elements() == 0) return std::vector{std::move(y)};
  const auto batch_dims = static_cast<std::size_t>(context.attributes().get_int("batch_dims"));
  const auto length = static_cast<std::size_t>(indices.dims().back());
  const Dims strides = row_major_strides(data.dims());
  const std::int64_t block = strides[batch_dims + length - 1];
  const Dims batch(data.dims().begin(),
                   data.dims().begin() + static_cast<std::ptrdiff_t>(batch_dims));
  const std::int64_t positions = indices.num_elements() / indices.dims().back();
  std::int64_t batches = 1;
  for (const std::int64_t extent : batch) batches *= extent;
  ElementCopier copier(data, y);
  for (std::int64_t p = 0; p < positions; ++p) {
    // Batches lie one after the other in both.
    const std::int64_t of_batch = p / (positions / batches);
    std::int64_t first = batch_dims == 0 ? 0 : of_batch * strides[batch_dims - 1];
    for (std::size_t d = 0; d < length; ++d) {
      ASSIGN_OR_RETURN(const std::int64_t index,
                       normalize_index(indices.get_int64(p * static_cast<std::int64_t>(length) +
                                                         static_cast<std::int64_t>(d)),
                                       data.dim(batch_dims + d)));
      first += index * strides[batch_dims + d];
    }
    for (std::int64_t i = 0; y.num_elements() > 0 && i < block; ++i)
      copier.copy(first + i, p * block + i);
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_GatherND() {
  return {.name = "GatherND",
          .infer = infer_gather_nd,
          .evaluate = evaluate_gather_nd,
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
