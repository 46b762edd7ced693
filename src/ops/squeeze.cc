#include <algorithm>

#include "ops/axes_input.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Where a run decides which axes go: the rank, if at least their number is known.
Result<Types> infer_squeeze_at_run_time(const InferContext& context, const ir::Shape& shape) {
  ir::TensorType y{context.input(0).data_type, std::nullopt};
  const ir::TensorType& axes = context.input(1);
  const auto count = axes.has_rank(0) ? std::optional<std::size_t>(1) : short_length(axes);
  if (!count) return std::vector{y};
  if (*count > shape.size()) {
    return invalid_data("{} has {} axes, but the input has shape {}", context.place(1), *count,
                        ir::to_string(shape));
  }
  y.shape = ir::Shape(shape.size() - *count, ir::Dim(ir::SymInt::data_dependent()));
  return std::vector{y};
}

Result<Types> infer_squeeze(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  if (!x.shape) return std::vector{x};
  if (context.has_input(1) && context.constant(1) == nullptr)
    return infer_squeeze_at_run_time(context, *x.shape);
  ASSIGN_OR_RETURN(const auto axes, constant_axes(context, 1));
  ASSIGN_OR_RETURN(const auto dropped, normalize_axes(axes, x.shape->size()));
  ir::Shape shape;
  for (std::size_t i = 0; i < x.shape->size(); ++i) {
    const ir::Dim& dim = (*x.shape)[i];
    if (!context.has_input(1)) {
      if (!dim.known()) return std::vector{ir::TensorType{x.data_type, std::nullopt}};
      if (dim != ir::Dim(1)) shape.push_back(dim);
    } else if (std::find(dropped.begin(), dropped.end(), i) == dropped.end()) {
      shape.push_back(dim);
    } else if (dim.known() && dim != ir::Dim(1)) {
      return invalid_data("axis {} has extent {}, expected 1", i, dim.value());
    }
  }
  return std::vector{ir::TensorType{x.data_type, shape}};
}

Result<Values> evaluate_squeeze(const EvaluateContext& context) {
  return std::vector{context.inputs[0].reshaped(require_dims(context.output_types[0]))};
}

}  // namespace

OpDef define_Squeeze() {
  return {.name = "Squeeze",
          .infer = infer_squeeze,
          .evaluate = evaluate_squeeze,
          .traits = {.moves_elements = true},
          .operand_shapes = {{1, OperandShape::Rule::kScalarOrVector}}};
}

}  // namespace lathe::ops
