#include <cmath>

#include "ir/domains.h"
#include "ops/dispatch.h"
#include "ops/list_attribute.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Integers that a type does not hold.
Status check_fits(std::span<const std::int64_t> values, ir::DataType type) {
  if (type != ir::DataType::kInt32) return {};
  for (const std::int64_t value : values) {
    if (value != static_cast<std::int32_t>(value))
      return invalid_data("imputed_value_int64s has {}, which does not fit int32", value);
  }
  return {};
}

// One value to put in for all features, or one for each.
Result<Types> infer_imputer(const InferContext& context) {
  const Attributes attributes = context.attributes();
  const ir::TensorType& x = context.input(0);
  const auto reals = list_attribute<float>(attributes, "imputed_value_floats");
  const auto integers = list_attribute<std::int64_t>(attributes, "imputed_value_int64s");
  if (reals.empty() == integers.empty()) {
    return invalid_data(
        "imputed_value_floats and imputed_value_int64s are both {}, expected one of them",
        reals.empty() ? "empty" : "given");
  }
  if (x.data_type != ir::DataType::kUndefined &&
      ir::is_floating_point(x.data_type) != integers.empty()) {
    return invalid_data("{} is {}, but {} is given", context.place(0),
                        ir::data_type_name(x.data_type),
                        integers.empty() ? "imputed_value_floats" : "imputed_value_int64s");
  }
  RETURN_IF_ERROR(check_fits(integers, x.data_type));
  const std::size_t count = reals.size() + integers.size();
  if (x.shape && count > 1) {
    const bool fits =
        !x.shape->empty() &&
        (!x.shape->back().known() || x.shape->back() == ir::Dim(static_cast<std::int64_t>(count)));
    if (!fits) {
      return invalid_data("there are {} imputed values, expected 1 or one for each feature of {}",
                          count, ir::to_string(*x.shape));
    }
  }
  return infer_like_input(context);
}

template <typename T>
bool is_replaced(T value, T wanted) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(wanted)) return std::isnan(value);
  }
  return value == wanted;
}

template <typename T, typename Stored>
void impute(const ir::Tensor& x, std::span<const Stored> values, T wanted, ir::Tensor& y) {
  const auto in = x.data<T>();
  const auto out = y.mutable_data<T>();
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = is_replaced(in[i], wanted) ? static_cast<T>(values[i % values.size()]) : in[i];
  }
}

Result<Values> evaluate_imputer(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Attributes attributes = context.attributes();
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  if (ir::is_floating_point(x.data_type())) {
    dispatch_float(x.data_type(), [&]<typename T>() {
      impute<T>(x, list_attribute<float>(attributes, "imputed_value_floats"),
                static_cast<T>(attributes.get_float("replaced_value_float")), y);
    });
    return std::vector{std::move(y)};
  }
  const auto values = list_attribute<std::int64_t>(attributes, "imputed_value_int64s");
  const std::int64_t wanted = attributes.get_int("replaced_value_int64");
  if (x.data_type() == ir::DataType::kInt64) {
    impute<std::int64_t>(x, values, wanted, y);
  } else if (wanted == static_cast<std::int32_t>(wanted)) {
    impute<std::int32_t>(x, values, static_cast<std::int32_t>(wanted), y);
  } else {
    y = x;
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Imputer() {
  return {.name = "Imputer",
          .domain = ir::kMlDomain,
          .infer = infer_imputer,
          .evaluate = evaluate_imputer};
}

}  // namespace lathe::ops
