#include "ops/element_copy.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

enum TensorScatterInput : std::size_t { kPastCache, kUpdate, kWriteIndices };

// Whether an update has the extents of the cache, but for a shorter sequence.
bool update_fits(const ir::Shape& cache, const ir::Shape& update, std::size_t sequence) {
  if (cache.size() != update.size()) return false;
  for (std::size_t d = 0; d < cache.size(); ++d) {
    if (!cache[d].known() || !update[d].known()) continue;
    if (d == sequence ? update[d].value() > cache[d].value() : update[d] != cache[d]) return false;
  }
  return true;
}

Result<Types> infer_tensor_scatter(const InferContext& context) {
  const std::string& mode = context.attributes().get_string("mode");
  if (mode != "linear" && mode != "circular")
    return invalid_data("mode is '{}', expected 'linear' or 'circular'", mode);
  const auto& cache = context.input(kPastCache).shape;
  const auto& update = context.input(kUpdate).shape;
  if (!cache) return infer_like_input(context);
  const std::int64_t axis = context.attributes().get_int("axis");
  ASSIGN_OR_RETURN(const std::size_t sequence, normalize_axis(axis, cache->size()));
  if (sequence == 0) return invalid_data("axis is {}, which is that of the batch", axis);
  if (update && !update_fits(*cache, *update, sequence)) {
    return invalid_data("{} {} does not fit {} {} along axis {}", context.place(kUpdate),
                        ir::to_string(*update), context.place(kPastCache), ir::to_string(*cache),
                        sequence);
  }
  RETURN_IF_ERROR(require_vector_of(context, kWriteIndices, cache->front()));
  return infer_like_input(context);
}

// Where each batch begins to write.
Result<Dims> first_places(const EvaluateContext& context, std::int64_t batches, std::int64_t length,
                          std::int64_t longest) {
  const bool circular = context.attributes().get_string("mode") == "circular";
  Dims places(static_cast<std::size_t>(batches), 0);
  if (!context.has_input(kWriteIndices) || longest == 0) return places;
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const std::int64_t place = context.inputs[kWriteIndices].get_int64(batch);
    if (circular) {
      places[static_cast<std::size_t>(batch)] = (place % longest + longest) % longest;
    } else if (place >= 0 && place <= longest - length) {
      places[static_cast<std::size_t>(batch)] = place;
    } else {
      return invalid_argument(
          "write_indices has the value {}, expected 0 to {}: the cache has {} places, the update "
          "{}",
          place, longest - length, longest, length);
    }
  }
  return places;
}

Result<Values> evaluate_tensor_scatter(const EvaluateContext& context) {
  ir::Tensor cache = context.inputs[kPastCache];
  const ir::Tensor& update = context.inputs[kUpdate];
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), cache.rank()));
  const AxisView to = view_around(cache.dims(), axis);
  const std::int64_t length = update.dim(axis);
  const std::int64_t batches = cache.dim(0);
  ASSIGN_OR_RETURN(const Dims places, first_places(context, batches, length, to.extent));
  if (update.num_elements() == 0) return std::vector{std::move(cache)};
  ElementCopier copier(update, cache);
  for (std::int64_t outer = 0; outer < to.outer; ++outer) {
    const std::int64_t place = places[static_cast<std::size_t>(outer / (to.outer / batches))];
    for (std::int64_t i = 0; i < length; ++i) {
      const std::int64_t from_row = outer * length + i;
      const std::int64_t to_row = outer * to.extent + (place + i) % to.extent;
      for (std::int64_t j = 0; j < to.inner; ++j)
        copier.copy(from_row * to.inner + j, to_row * to.inner + j);
    }
  }
  return std::vector{std::move(cache)};
}

}  // namespace

OpDef define_TensorScatter() {
  return {.name = "TensorScatter",
          .infer = infer_tensor_scatter,
          .evaluate = evaluate_tensor_scatter,
          .operand_shapes = {{2, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
