#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_trilu(const InferContext& context) {
  const auto& shape = context.input(0).shape;
  if (shape && shape->size() < 2)
    return invalid_data("input has shape {}, expected matrices", ir::to_string(*shape));
  return infer_like_input(context);
}

// Elements on and above (or below) the diagonal `k` stay, the others are 0.
Result<Values> evaluate_trilu(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const bool upper = context.attributes().get_bool("upper");
  const std::int64_t k = context.has_input(1) ? context.inputs[1].get_int64(0) : 0;
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  ElementCopier copier(x, y);
  const std::int64_t columns = x.dims().back();
  const std::int64_t rows = x.dim(x.rank() - 2);
  for (std::int64_t i = 0; i < x.num_elements(); ++i) {
    const std::int64_t diagonal = i % columns - i / columns % rows;
    if (upper ? diagonal >= k : diagonal <= k) copier.copy(i, i);
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Trilu() {
  return {.name = "Trilu",
          .infer = infer_trilu,
          .evaluate = evaluate_trilu,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
