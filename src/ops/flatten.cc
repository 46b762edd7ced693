#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

ir::Dim product(std::span<const ir::Dim> dims) {
  if (dims.size() == 1) return dims[0];
  std::int64_t extent = 1;
  for (const ir::Dim& dim : dims) {
    if (!dim.known()) return {};
    extent *= dim.value();
  }
  return extent;
}

Result<std::vector<ir::TensorType>> infer_flatten(const InferContext& context) {
  ir::TensorType type = context.input(0);
  if (!type.shape) return std::vector{ir::TensorType{type.data_type, ir::Shape(2)}};
  const std::span<const ir::Dim> x = *type.shape;
  const std::int64_t axis = context.node().attribute_int("axis", 1);
  const auto rank = static_cast<std::int64_t>(x.size());
  if (axis < -rank || axis > rank)
    return invalid_data("axis {} is out of range for rank {}", axis, rank);
  const auto split = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  return std::vector{ir::TensorType{type.data_type,
                                    ir::Shape{product(x.first(split)), product(x.subspan(split))}}};
}

Result<std::vector<ir::Tensor>> evaluate_flatten(const EvaluateContext& context) {
  return std::vector{context.inputs[0].reshaped(require_dims(context.output_types[0]))};
}

}  // namespace

OpDef define_Flatten() {
  return {.name = "Flatten",
          .attributes = {{"axis", AttributeKind::kInt}},
          .infer = infer_flatten,
          .evaluate = evaluate_flatten};
}

}  // namespace lathe::ops
