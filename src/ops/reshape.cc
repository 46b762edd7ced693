#include <algorithm>

#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_reshape(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  const ir::Tensor* target = context.constant(1);
  if (target == nullptr) {
    const auto& shape = context.input(1).shape;
    if (!shape || shape->size() != 1 || !(*shape)[0].known() || (*shape)[0].value() > 64) {
      return std::vector{ir::TensorType{x.data_type, std::nullopt}};
    }
    return std::vector{
        ir::TensorType{x.data_type, ir::Shape(static_cast<std::size_t>((*shape)[0].value()))}};
  }
  if (target->num_elements() > 64)
    return invalid_data("shape has {} extents, at most 64 are accepted", target->num_elements());
  const bool allow_zero = context.attributes().get_int("allowzero") != 0;
  ir::Shape result;
  std::optional<std::size_t> open;  // the axis of the -1
  std::vector<std::size_t> copied;  // input axes that are kept by a 0
  std::int64_t known = 1;           // of the other target axes
  for (const std::int64_t extent : target->to_int64s()) {
    const std::size_t axis = result.size();
    if (extent == -1) {
      if (open) return invalid_data("shape has more than one -1");
      open = axis;
      result.emplace_back();
    } else if (extent == 0 && !allow_zero) {
      if (x.shape && axis >= x.shape->size())
        return invalid_data("shape copies axis {}, which the input lacks", axis);
      result.push_back(x.shape ? (*x.shape)[axis] : ir::Dim());
      copied.push_back(axis);
    } else if (extent < 0) {
      return invalid_data("shape has the extent {}", extent);
    } else {
      if (extent != 0 && known > (std::int64_t{1} << 62) / std::max<std::int64_t>(extent, 1)) {
        return invalid_data("shape {} is too large", ir::to_string(target->to_int64s()));
      }
      known *= extent;
      result.emplace_back(extent);
    }
  }
  if (!x.shape) return std::vector{ir::TensorType{x.data_type, result}};

  // Axes copied by a 0 cancel on both sides; the rest must match, or tells the -1.
  ir::SymInt remaining = 1;
  for (std::size_t i = 0; i < x.shape->size(); ++i) {
    if (std::find(copied.begin(), copied.end(), i) == copied.end())
      remaining = remaining * (*x.shape)[i].symbolic();
  }
  const auto mismatch = [&] {
    return invalid_data("{} cannot be reshaped to {}", ir::to_string(*x.shape),
                        ir::to_string(target->to_int64s()));
  };
  if (!open) {
    if (remaining.is_number() && remaining != ir::SymInt(known)) return mismatch();
  } else if (!remaining.is_number()) {
    // The model promises that it divides.
    if (known > 0) result[*open] = ir::Dim(floor_div(remaining, known));
  } else {
    if (known == 0 || *remaining.number() % known != 0) return mismatch();
    result[*open] = *remaining.number() / known;
  }
  return std::vector{ir::TensorType{x.data_type, result}};
}

Result<Values> evaluate_reshape(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims dims = require_dims(context.output_types[0]);
  // An empty tensor may be asked to have more of the other extents than can be counted.
  const Result<std::int64_t> count = ir::element_count(dims);
  if (!count.ok() || *count != x.num_elements()) {
    return invalid_data("{} cannot be reshaped to {}", ir::to_string(x.dims()),
                        ir::to_string(dims));
  }
  return std::vector{x.reshaped(dims)};
}

}  // namespace

OpDef define_Reshape() {
  return {.name = "Reshape",
          .infer = infer_reshape,
          .evaluate = evaluate_reshape,
          .traits = {.moves_elements = true},
          .operand_shapes = {{1, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
