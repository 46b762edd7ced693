// ArgMax and ArgMin.
#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_arg_extreme(const InferContext& context) {
  ir::TensorType y{ir::DataType::kInt64, context.input(0).shape};
  if (!y.shape) return std::vector{y};
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), y.shape->size()));
  if ((*y.shape)[axis] == ir::Dim(0)) return invalid_data("axis {} has no elements", axis);
  if (context.attributes().get_bool("keepdims")) {
    (*y.shape)[axis] = 1;
  } else {
    y.shape->erase(y.shape->begin() + static_cast<std::ptrdiff_t>(axis));
  }
  return std::vector{y};
}

// Whether `a` comes before `b`: NaN before every number.
template <typename T, typename Before>
bool precedes(T a, T b, Before before) {
  if (b != b) return false;
  return a != a || before(a, b);
}

template <typename Before>
Result<Values> evaluate_arg_extreme(const EvaluateContext& context, Before before) {
  const ir::Tensor& x = context.inputs[0];
  const std::size_t axis = normalize_axis(context.attributes().get_int("axis"), x.rank()).value();
  const bool last = context.attributes().get_bool("select_last_index");
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(ir::DataType::kInt64, require_dims(context.output_types[0])));
  const auto extent = static_cast<std::size_t>(x.dim(axis));
  const auto inner = static_cast<std::size_t>(row_major_strides(x.dims())[axis]);
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<std::int64_t>();
    for (std::size_t row = 0; row < out.size(); ++row) {
      const std::size_t first = row / inner * extent * inner + row % inner;
      std::size_t best = 0;
      for (std::size_t i = 1; i < extent; ++i) {
        const T v = in[first + i * inner];
        const T so_far = in[first + best * inner];
        if (last ? !precedes(so_far, v, before) : precedes(v, so_far, before)) best = i;
      }
      out[row] = static_cast<std::int64_t>(best);
    }
  });
  return std::vector{std::move(y)};
}

Result<Values> evaluate_arg_max(const EvaluateContext& context) {
  return evaluate_arg_extreme(context, [](auto a, auto b) { return a > b; });
}

Result<Values> evaluate_arg_min(const EvaluateContext& context) {
  return evaluate_arg_extreme(context, [](auto a, auto b) { return a < b; });
}

}  // namespace

OpDef define_ArgMax() {
  return {.name = "ArgMax", .infer = infer_arg_extreme, .evaluate = evaluate_arg_max};
}

OpDef define_ArgMin() {
  return {.name = "ArgMin", .infer = infer_arg_extreme, .evaluate = evaluate_arg_min};
}

}  // namespace lathe::ops
