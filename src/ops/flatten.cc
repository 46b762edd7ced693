#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

ir::Dim product(std::span<const ir::Dim> dims) {
  ir::SymInt extent = 1;
  for (const ir::Dim& dim : dims) extent = extent * dim.symbolic();
  return ir::Dim(extent);
}

Result<Types> infer_flatten(const InferContext& context) {
  ir::TensorType type = context.input(0);
  if (!type.shape) return std::vector{ir::TensorType{type.data_type, ir::Shape(2)}};
  const std::span<const ir::Dim> x = *type.shape;
  const std::int64_t axis = context.attributes().get_int("axis");
  const auto rank = static_cast<std::int64_t>(x.size());
  if (axis < -rank || axis > rank)
    return invalid_data("axis {} is out of range for rank {}", axis, rank);
  const auto split = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  return std::vector{ir::TensorType{type.data_type,
                                    ir::Shape{product(x.first(split)), product(x.subspan(split))}}};
}

Result<Values> evaluate_flatten(const EvaluateContext& context) {
  return std::vector{context.inputs[0].reshaped(require_dims(context.output_types[0]))};
}

}  // namespace

OpDef define_Flatten() {
  return {.name = "Flatten",
          .infer = infer_flatten,
          .evaluate = evaluate_flatten,
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
