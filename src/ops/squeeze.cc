#include <algorithm>

#include "ops/axes_input.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_squeeze(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  if (!x.shape) return std::vector{x};
  ASSIGN_OR_RETURN(const auto axes, constant_axes(context, 1));
  ASSIGN_OR_RETURN(const auto dropped, normalize_axes(axes, x.shape->size()));
  ir::Shape shape;
  for (std::size_t i = 0; i < x.shape->size(); ++i) {
    const ir::Dim& dim = (*x.shape)[i];
    if (!context.has_input(1)) {
      if (!dim.known())
        return unsupported("squeezing every axis of {}, whose extents are not all known",
                           ir::to_string(*x.shape));
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
