// Shape and Size.
#include <algorithm>

#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

struct AxisRange {
  std::size_t first = 0;
  std::size_t count = 0;
};

// Axes from `start` to before `end`; both may count from the last, and what is beyond the rank
// means its end.
AxisRange selected_axes(const Attributes& attributes, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  const auto resolve = [r](std::int64_t axis) {
    return std::clamp<std::int64_t>(axis < 0 ? axis + r : axis, 0, r);
  };
  const std::int64_t* end = attributes.find_int("end");
  const std::int64_t first = resolve(attributes.get_int("start"));
  const std::int64_t last = end == nullptr ? r : resolve(*end);
  return {static_cast<std::size_t>(first),
          static_cast<std::size_t>(std::max<std::int64_t>(last - first, 0))};
}

Result<Types> infer_shape(const InferContext& context) {
  const auto& shape = context.input(0).shape;
  ir::Dim length;
  if (shape) {
    const AxisRange axes = selected_axes(context.attributes(), shape->size());
    length = ir::Dim(static_cast<std::int64_t>(axes.count));
  }
  return std::vector{ir::TensorType{ir::DataType::kInt64, ir::Shape{length}}};
}

Result<Values> evaluate_shape(const EvaluateContext& context) {
  const Dims& dims = context.inputs[0].dims();
  const AxisRange axes = selected_axes(context.attributes(), dims.size());
  return std::vector{ir::Tensor::vector_int64(std::span(dims).subspan(axes.first, axes.count))};
}

std::optional<SymbolicTensor> symbolic_shape(const SymbolicContext& context) {
  const auto& shape = context.types[0].shape;
  if (!shape) return std::nullopt;
  const AxisRange axes = selected_axes(context.attributes, shape->size());
  SymbolicTensor extents{{static_cast<std::int64_t>(axes.count)}, {}};
  for (const ir::Dim& dim : std::span(*shape).subspan(axes.first, axes.count))
    extents.elements.push_back(dim.symbolic());
  return extents;
}

Result<Types> infer_size(const InferContext&) {
  return std::vector{ir::TensorType{ir::DataType::kInt64, ir::Shape{}}};
}

Result<Values> evaluate_size(const EvaluateContext& context) {
  return std::vector{ir::Tensor::scalar(context.inputs[0].num_elements())};
}

std::optional<SymbolicTensor> symbolic_size(const SymbolicContext& context) {
  const auto& shape = context.types[0].shape;
  if (!shape) return std::nullopt;
  ir::SymInt count = 1;
  for (const ir::Dim& dim : *shape) count = count * dim.symbolic();
  return SymbolicTensor{{}, {count}};
}

}  // namespace

OpDef define_Shape() {
  return {.name = "Shape",
          .infer = infer_shape,
          .evaluate = evaluate_shape,
          .traits = {.reads_shapes_only = true},
          .symbolic = symbolic_shape};
}

OpDef define_Size() {
  return {.name = "Size",
          .infer = infer_size,
          .evaluate = evaluate_size,
          .traits = {.reads_shapes_only = true},
          .symbolic = symbolic_size};
}

}  // namespace lathe::ops
