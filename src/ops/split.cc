#include <algorithm>

#include "ops/axes_input.h"
#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// The extents of `count` parts: all alike, only the last may be smaller.
Result<std::vector<ir::Dim>> even_parts(const ir::Dim& extent, std::size_t count) {
  const auto parts = static_cast<std::int64_t>(count);
  const ir::SymInt part = ceil_div(extent.symbolic(), parts);
  const ir::SymInt last = extent.symbolic() - part * (parts - 1);
  if (last.number().value_or(0) < 0)
    return invalid_data("extent {} cannot be split into {} parts", extent.value(), count);
  std::vector<ir::Dim> extents(count, ir::Dim(part));
  extents.back() = ir::Dim(last);
  return extents;
}

Status check_parts(const Dims& parts, std::size_t count, const ir::Dim& extent) {
  if (parts.size() != count)
    return invalid_data("split has {} values for {} outputs", parts.size(), count);
  ir::SymInt sum = 0;
  for (const std::int64_t part : parts) {
    if (part < 0) return invalid_data("split has the value {}", part);
    sum = sum + part;
  }
  if (!sum.is_number() || (extent.known() && sum != extent.symbolic())) {
    return invalid_data("split {} does not add up to extent {}", ir::to_string(parts),
                        extent.to_string());
  }
  return {};
}

Result<Types> infer_split(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  const std::size_t count = context.node().outputs.size();
  const std::int64_t* num_outputs = context.attributes().find_int("num_outputs");
  if ((num_outputs != nullptr) == context.has_input(1))
    return invalid_data("needs either input 1 (split) or attribute 'num_outputs'");
  if (num_outputs != nullptr && *num_outputs != static_cast<std::int64_t>(count))
    return invalid_data("attribute 'num_outputs' is {} with {} outputs", *num_outputs, count);
  Types types(count, x);
  if (!x.shape) return types;
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), x.shape->size()));
  std::vector<ir::Dim> extents(count);
  if (num_outputs != nullptr) {
    ASSIGN_OR_RETURN(extents, even_parts((*x.shape)[axis], count));
  } else if (const ir::Tensor* split = context.constant(1)) {
    const Dims parts = split->to_int64s();
    RETURN_IF_ERROR(check_parts(parts, count, (*x.shape)[axis]));
    extents = ir::make_shape(parts);
  }
  for (std::size_t i = 0; i < count; ++i) {
    ir::Shape shape = *x.shape;
    shape[axis] = extents[i];
    types[i] = ir::TensorType{x.data_type, std::move(shape)};
  }
  return types;
}

Result<Values> evaluate_split(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const std::size_t axis = normalize_axis(context.attributes().get_int("axis"), x.rank()).value();
  const Dims strides = row_major_strides(x.dims());
  std::vector<ir::Tensor> outputs;
  std::int64_t first = 0;
  for (const ir::TensorType& type : context.output_types) {
    ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), require_dims(type)));
    copy_strided(x, y, first, strides);
    first += y.dim(axis) * strides[axis];
    outputs.push_back(std::move(y));
  }
  return outputs;
}

}  // namespace

OpDef define_Split() {
  return {.name = "Split",
          .infer = infer_split,
          .evaluate = evaluate_split,
          .traits = {.moves_elements = true},
          .operand_shapes = {{1, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
