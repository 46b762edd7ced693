#include "ops/join_tensors.h"
#include "ops/sequence.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<bool> makes_new_axis(Attributes attributes) {
  const std::int64_t stated = attributes.get_int("new_axis");
  if (stated != 0 && stated != 1) return invalid_data("new_axis is {}, expected 0 or 1", stated);
  return stated == 1;
}

// The axis of the result, where items have this rank.
Result<std::size_t> result_axis(Attributes attributes, std::size_t rank) {
  ASSIGN_OR_RETURN(const bool is_new, makes_new_axis(attributes));
  return normalize_axis(attributes.get_int("axis"), rank + (is_new ? 1 : 0));
}

Result<Types> infer_concat_from_sequence(const InferContext& context) {
  ASSIGN_OR_RETURN(const bool is_new, makes_new_axis(context.attributes()));
  const ir::Type element = element_type(context, 0);
  ir::TensorType y = element.tensor();
  if (y.shape) {
    ASSIGN_OR_RETURN(const std::size_t axis, result_axis(context.attributes(), y.shape->size()));
    const ir::Dim extent(ir::SymInt::data_dependent());
    if (is_new) {
      y.shape->insert(y.shape->begin() + static_cast<std::ptrdiff_t>(axis), extent);
    } else {
      (*y.shape)[axis] = extent;
    }
  }
  return std::vector{y};
}

Result<Values> evaluate_concat_from_sequence(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const bool is_new, makes_new_axis(context.attributes()));
  std::vector<ir::Tensor> parts;
  std::size_t axis = 0;
  for (const ir::Datum& item : items_of(context.values[0])) {
    const ir::Tensor& part = *item.tensor();
    ASSIGN_OR_RETURN(axis, result_axis(context.attributes(), part.rank()));
    Dims dims = part.dims();
    if (is_new) dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), 1);
    parts.push_back(part.reshaped(dims));
  }
  if (parts.empty()) return invalid_data("the sequence has no items");
  ASSIGN_OR_RETURN(axis, normalize_axis(context.attributes().get_int("axis"), parts[0].rank()));
  ASSIGN_OR_RETURN(ir::Tensor y, join_tensors(parts, axis));
  return Values{std::move(y)};
}

}  // namespace

OpDef define_ConcatFromSequence() {
  return {.name = "ConcatFromSequence",
          .infer = infer_concat_from_sequence,
          .evaluate = evaluate_concat_from_sequence};
}

}  // namespace lathe::ops
