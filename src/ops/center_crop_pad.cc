#include <algorithm>

#include "ops/axes_input.h"
#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// The axes that `shape` speaks of, all of them where none are named.
Result<std::vector<std::size_t>> centered_axes(const Attributes& attributes, std::size_t rank) {
  if (const auto* axes = attributes.find_ints("axes")) return normalize_axes(*axes, rank);
  std::vector<std::size_t> all;
  for (std::size_t d = 0; d < rank; ++d) all.push_back(d);
  return all;
}

Result<Types> infer_center_crop_pad(const InferContext& context) {
  ir::TensorType y = context.input(0);
  ASSIGN_OR_RETURN(const auto extents, shape_from_input(context, 1));
  if (!y.shape) return std::vector{y};
  ASSIGN_OR_RETURN(const auto axes, centered_axes(context.attributes(), y.shape->size()));
  if (extents && extents->size() != axes.size()) {
    return invalid_data("{} has {} extents for {} axes", context.place(1), extents->size(),
                        axes.size());
  }
  for (std::size_t i = 0; i < axes.size(); ++i)
    (*y.shape)[axes[i]] = extents ? (*extents)[i] : ir::Dim();
  return std::vector{y};
}

// What lies beyond the input is 0. Of an odd number of elements that are cut off or added, the one
// more is at the end.
Result<Values> evaluate_center_crop_pad(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  Dims common(dims.size());  // extents of what both have
  for (std::size_t d = 0; d < dims.size(); ++d) common[d] = std::min(dims[d], x.dim(d));
  if (product_of(common) == 0) return std::vector{std::move(y)};
  const Dims strides_x = row_major_strides(x.dims());
  const Dims strides_y = row_major_strides(dims);
  ElementCopier copier(x, y);
  Dims index(dims.size(), 0);
  do {
    std::int64_t from = 0;
    std::int64_t to = 0;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      from += (index[d] + (x.dim(d) - common[d]) / 2) * strides_x[d];
      to += (index[d] + (dims[d] - common[d]) / 2) * strides_y[d];
    }
    copier.copy(from, to);
  } while (next_index(index, common));
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_CenterCropPad() {
  return {.name = "CenterCropPad",
          .infer = infer_center_crop_pad,
          .evaluate = evaluate_center_crop_pad,
          .operand_shapes = {{1, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
