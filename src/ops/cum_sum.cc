// CumSum and CumProd.
#include <algorithm>

#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Types> infer_cumulative(const InferContext& context) {
  const auto& shape = context.input(0).shape;
  if (const ir::Tensor* axis = context.constant(1); axis != nullptr && shape) {
    RETURN_IF_ERROR(normalize_axis(axis->get_int64(0), shape->size()));
  }
  return infer_like_input(context);
}

// What `function` makes of the elements so far, beginning with `neutral`.
template <typename Function>
Result<Values> evaluate_cumulative(const EvaluateContext& context, int neutral, Function function) {
  const ir::Tensor& x = context.inputs[0];
  const std::size_t axis = normalize_axis(context.inputs[1].get_int64(0), x.rank()).value();
  const bool exclusive = context.attributes().get_bool("exclusive");
  const bool reverse = context.attributes().get_bool("reverse");
  ir::Tensor y = ir::Tensor::zeros(x.data_type(), x.dims());
  const auto extent = static_cast<std::size_t>(x.dim(axis));
  const auto inner = static_cast<std::size_t>(row_major_strides(x.dims())[axis]);
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    using Wide = std::conditional_t<std::is_floating_point_v<T>, double, T>;
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::size_t row = 0; row < in.size() / std::max<std::size_t>(extent, 1); ++row) {
      const std::size_t first = row / inner * extent * inner + row % inner;
      auto so_far = static_cast<Wide>(neutral);
      for (std::size_t step = 0; step < extent; ++step) {
        const std::size_t i = first + (reverse ? extent - 1 - step : step) * inner;
        const Wide before = so_far;
        so_far = wrapping(so_far, static_cast<Wide>(in[i]), function);
        out[i] = static_cast<T>(exclusive ? before : so_far);
      }
    }
  });
  return std::vector{std::move(y)};
}

Result<Values> evaluate_cum_sum(const EvaluateContext& context) {
  return evaluate_cumulative(context, 0, [](auto a, auto b) { return a + b; });
}

Result<Values> evaluate_cum_prod(const EvaluateContext& context) {
  return evaluate_cumulative(context, 1, [](auto a, auto b) { return a * b; });
}

}  // namespace

OpDef define_CumProd() {
  return {.name = "CumProd",
          .infer = infer_cumulative,
          .evaluate = evaluate_cum_prod,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement}}};
}

OpDef define_CumSum() {
  return {.name = "CumSum",
          .infer = infer_cumulative,
          .evaluate = evaluate_cum_sum,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
