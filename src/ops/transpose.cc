#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<std::vector<std::size_t>> permutation(const ir::Node& node, std::size_t rank) {
  std::vector<std::int64_t> perm;
  if (const Dims* given = attributes(node).find_ints("perm")) {
    perm = *given;
  } else {
    for (std::size_t i = rank; i-- > 0;) perm.push_back(static_cast<std::int64_t>(i));
  }
  if (perm.size() != rank)
    return invalid_data("perm has {} values, expected {}", perm.size(), rank);
  return normalize_axes(perm, rank);
}

Result<Types> infer_transpose(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  if (!x.shape) return std::vector{x};
  ASSIGN_OR_RETURN(const auto perm, permutation(context.node(), x.shape->size()));
  ir::Shape shape;
  for (const std::size_t axis : perm) shape.push_back((*x.shape)[axis]);
  return std::vector{ir::TensorType{x.data_type, shape}};
}

Result<Values> evaluate_transpose(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const auto perm, permutation(context.node, x.rank()));
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  const Dims strides = row_major_strides(x.dims());
  Dims permuted;
  for (const std::size_t axis : perm) permuted.push_back(strides[axis]);
  copy_strided(x, y, 0, permuted);
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Transpose() {
  return {.name = "Transpose",
          .infer = infer_transpose,
          .evaluate = evaluate_transpose,
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
