#include <algorithm>

#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

constexpr std::int64_t kMostAxes = 64;

// The extents that are asked for, as far as they are known; nothing where not even their number is.
Result<std::optional<std::vector<ir::SymInt>>> target_extents(const InferContext& context) {
  std::vector<ir::SymInt> extents;
  if (const ir::Tensor* target = context.constant(1)) {
    if (target->num_elements() > kMostAxes) {
      return invalid_data("shape has {} extents, at most {} are accepted", target->num_elements(),
                          kMostAxes);
    }
    for (const std::int64_t extent : target->to_int64s()) extents.emplace_back(extent);
  } else if (const SymbolicTensor* symbols = context.symbolic(1)) {
    extents = symbols->elements;
  } else {
    const auto& shape = context.input(1).shape;
    if (!shape || shape->size() != 1 || !(*shape)[0].known() || (*shape)[0].value() > kMostAxes)
      return std::optional<std::vector<ir::SymInt>>();
    extents.resize(static_cast<std::size_t>((*shape)[0].value()));
  }
  return std::optional(std::move(extents));
}

std::string extents_text(const std::vector<ir::SymInt>& extents) {
  std::string text;
  for (const ir::SymInt& extent : extents)
    text += fmt::format("{}{}", text.empty() ? "" : ",", extent.to_string());
  return fmt::format("[{}]", text);
}

Result<Types> infer_reshape(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  ASSIGN_OR_RETURN(const auto target, target_extents(context));
  if (!target) return std::vector{ir::TensorType{x.data_type, std::nullopt}};
  const bool allow_zero = context.attributes().get_int("allowzero") != 0;
  ir::Shape result;
  std::optional<std::size_t> open;  // the axis of the -1
  std::vector<std::size_t> copied;  // input axes that are kept by a 0
  ir::SymInt known = 1;             // of the other target axes
  for (const ir::SymInt& extent : *target) {
    const std::size_t axis = result.size();
    if (extent == ir::SymInt(-1)) {
      if (open) return invalid_data("shape has more than one -1");
      open = axis;
      result.emplace_back();
    } else if (extent == ir::SymInt(0) && !allow_zero) {
      if (x.shape && axis >= x.shape->size())
        return invalid_data("shape copies axis {}, which the input lacks", axis);
      result.push_back(x.shape ? (*x.shape)[axis] : ir::Dim());
      copied.push_back(axis);
    } else if (extent.is_number() && *extent.number() < 0) {
      return invalid_data("shape has the extent {}", *extent.number());
    } else {
      const bool was_number = known.is_number() && extent.is_number();
      known = known * extent;
      if (was_number && (!known.is_number() || *known.number() > std::int64_t{1} << 62))
        return invalid_data("shape {} is too large", extents_text(*target));
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
                        extents_text(*target));
  };
  if (!open) {
    if (remaining.is_number() && known.is_number() && remaining != known) return mismatch();
  } else if (remaining.is_number() && known.is_number()) {
    if (*known.number() == 0 || *remaining.number() % *known.number() != 0) return mismatch();
    result[*open] = *remaining.number() / *known.number();
  } else if (!known.is_unknown()) {
    // The model promises that it divides.
    result[*open] = ir::Dim(floor_div(remaining, known));
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
