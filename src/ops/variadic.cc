// Max, Mean, Min, Sum: of any number of tensors, broadcast together.
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// function(function(x0, x1), x2) and so on.
template <typename Function>
Result<ir::Tensor> fold_inputs(const EvaluateContext& context, Function function) {
  ir::Tensor y = context.inputs[0];
  const Dims dims = require_dims(context.output_types[0]);
  for (const ir::Tensor& x : context.inputs.subspan(1)) {
    ASSIGN_OR_RETURN(ir::Tensor next, ir::Tensor::create(y.data_type(), dims));
    dispatch_numeric(y.data_type(),
                     [&]<typename T>() { fill_broadcast<T, T, T>(y, x, next, function); });
    y = std::move(next);
  }
  return y;
}

// NaN wherever one input is.
template <typename T>
bool is_nan(T x) {
  if constexpr (std::is_floating_point_v<T>) return std::isnan(x);
  return false;
}

Result<Values> evaluate_max(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(ir::Tensor y,
                   fold_inputs(context, [](auto a, auto b) { return a > b || is_nan(a) ? a : b; }));
  return std::vector{std::move(y)};
}

Result<Values> evaluate_min(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(ir::Tensor y,
                   fold_inputs(context, [](auto a, auto b) { return a < b || is_nan(a) ? a : b; }));
  return std::vector{std::move(y)};
}

Result<ir::Tensor> sum_of_inputs(const EvaluateContext& context) {
  return fold_inputs(
      context, [](auto a, auto b) { return wrapping(a, b, [](auto x, auto y) { return x + y; }); });
}

Result<Values> evaluate_sum(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(ir::Tensor y, sum_of_inputs(context));
  return std::vector{std::move(y)};
}

Result<Values> evaluate_mean(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const ir::Tensor sum, sum_of_inputs(context));
  const std::size_t count = context.inputs.size();
  return evaluate_unary_float(sum, [count](auto x) { return x / static_cast<decltype(x)>(count); });
}

}  // namespace

OpDef define_Max() { return {.name = "Max", .infer = infer_binary, .evaluate = evaluate_max}; }
OpDef define_Mean() { return {.name = "Mean", .infer = infer_binary, .evaluate = evaluate_mean}; }
OpDef define_Min() { return {.name = "Min", .infer = infer_binary, .evaluate = evaluate_min}; }
OpDef define_Sum() { return {.name = "Sum", .infer = infer_binary, .evaluate = evaluate_sum}; }

}  // namespace lathe::ops
