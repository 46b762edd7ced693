#include "ops/element_copy.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Inputs: indices, depth, values [off, on].
Result<Types> infer_one_hot(const InferContext& context) {
  RETURN_IF_ERROR(require_vector_of(context, 2, 2));
  ir::TensorType y{context.input(2).data_type, std::nullopt};
  const ir::Tensor* depth = context.constant(1);
  if (depth != nullptr && depth->get_int64(0) < 0)
    return invalid_data("depth is {}", depth->get_int64(0));
  if (const auto& indices = context.input(0).shape) {
    ASSIGN_OR_RETURN(const std::size_t axis,
                     normalize_axis(context.attributes().get_int("axis"), indices->size() + 1));
    y.shape = *indices;
    y.shape->insert(y.shape->begin() + static_cast<std::ptrdiff_t>(axis),
                    depth == nullptr ? ir::Dim() : ir::Dim(depth->get_int64(0)));
  }
  return std::vector{y};
}

Result<Values> evaluate_one_hot(const EvaluateContext& context) {
  const ir::Tensor& indices = context.inputs[0];
  const ir::Tensor& values = context.inputs[2];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(values.data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), dims.size()));
  const AxisView view = view_around(dims, axis);
  ElementCopier copier(values, y);
  for (std::int64_t i = 0; i < y.num_elements(); ++i) copier.copy(0, i);
  for (std::int64_t i = 0; i < indices.num_elements(); ++i) {
    std::int64_t hot = indices.get_int64(i);
    if (hot < -view.extent || hot >= view.extent) continue;  // none is
    if (hot < 0) hot += view.extent;
    copier.copy(1, (i / view.inner * view.extent + hot) * view.inner + i % view.inner);
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_OneHot() {
  return {
      .name = "OneHot",
      .infer = infer_one_hot,
      .evaluate = evaluate_one_hot,
      .operand_shapes = {{1, OperandShape::Rule::kOneElement}, {2, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
