#include <algorithm>

#include "ops/axes_input.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Where a run decides where axes come: the rank, if at least their number is known.
Result<Types> infer_unsqueeze_at_run_time(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  ir::TensorType y{x.data_type, std::nullopt};
  const ir::TensorType& axes = context.input(1);
  const auto count = axes.has_rank(0) ? std::optional<std::size_t>(1) : short_length(axes);
  if (x.shape && count)
    y.shape = ir::Shape(x.shape->size() + *count, ir::Dim(ir::SymInt::data_dependent()));
  return std::vector{y};
}

Result<Types> infer_unsqueeze(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  if (context.constant(1) == nullptr) return infer_unsqueeze_at_run_time(context);
  ASSIGN_OR_RETURN(const auto axes, constant_axes(context, 1));
  if (!x.shape) return std::vector{x};
  const std::size_t rank = x.shape->size() + axes.size();
  ASSIGN_OR_RETURN(const auto added, normalize_axes(axes, rank));
  ir::Shape shape;
  auto next = x.shape->begin();
  for (std::size_t i = 0; i < rank; ++i) {
    const bool is_new = std::find(added.begin(), added.end(), i) != added.end();
    shape.push_back(is_new ? ir::Dim(1) : *next++);
  }
  return std::vector{ir::TensorType{x.data_type, shape}};
}

Result<Values> evaluate_unsqueeze(const EvaluateContext& context) {
  return std::vector{context.inputs[0].reshaped(require_dims(context.output_types[0]))};
}

}  // namespace

OpDef define_Unsqueeze() {
  return {.name = "Unsqueeze",
          .infer = infer_unsqueeze,
          .evaluate = evaluate_unsqueeze,
          .traits = {.moves_elements = true},
          .operand_shapes = {{1, OperandShape::Rule::kScalarOrVector}}};
}

}  // namespace lathe::ops
