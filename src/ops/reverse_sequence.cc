#include "ops/element_copy.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_reverse_sequence(const InferContext& context) {
  const std::int64_t batch_axis = context.attributes().get_int("batch_axis");
  const std::int64_t time_axis = context.attributes().get_int("time_axis");
  if (batch_axis < 0 || batch_axis > 1 || time_axis != 1 - batch_axis) {
    return invalid_data("batch_axis is {} and time_axis {}, expected 0 and 1 or 1 and 0",
                        batch_axis, time_axis);
  }
  if (const auto& shape = context.input(0).shape) {
    if (shape->size() < 2)
      return invalid_data("input has shape {}, expected rank 2 or more", ir::to_string(*shape));
    RETURN_IF_ERROR(require_vector_of(context, 1, (*shape)[static_cast<std::size_t>(batch_axis)]));
  }
  return infer_like_input(context);
}

Result<Values> evaluate_reverse_sequence(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& lengths = context.inputs[1];
  const bool time_first = context.attributes().get_int("time_axis") == 0;
  const std::int64_t times = x.dim(time_first ? 0 : 1);
  const std::int64_t batches = x.dim(time_first ? 1 : 0);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const std::int64_t length = lengths.get_int64(batch);
    if (length < 0 || length > times) {
      return invalid_argument("sequence_lens has the value {}, expected 0 to the extent {}", length,
                              times);
    }
  }
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  if (x.num_elements() == 0) return std::vector{std::move(y)};
  const std::int64_t inner = x.num_elements() / (times * batches);
  ElementCopier copier(x, y);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const std::int64_t length = lengths.get_int64(batch);
    for (std::int64_t time = 0; time < times; ++time) {
      const auto first = [&](std::int64_t at) {
        return (time_first ? at * batches + batch : batch * times + at) * inner;
      };
      const std::int64_t from = first(time < length ? length - 1 - time : time);
      const std::int64_t to = first(time);
      for (std::int64_t i = 0; i < inner; ++i) copier.copy(from + i, to + i);
    }
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_ReverseSequence() {
  return {.name = "ReverseSequence",
          .infer = infer_reverse_sequence,
          .evaluate = evaluate_reverse_sequence,
          .traits = {.moves_elements = true},
          .operand_shapes = {{1, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
