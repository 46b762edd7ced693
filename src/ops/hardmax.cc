#include <cmath>

#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_hardmax(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  if (const auto& shape = context.input(0).shape) {
    RETURN_IF_ERROR(normalize_axis(context.attributes().get_int("axis"), shape->size()));
  }
  return infer_like_input(context);
}

// NaN is more than any number, as ArgMax has it.
Result<Values> evaluate_hardmax(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), x.rank()));
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  if (x.num_elements() == 0) return std::vector{std::move(y)};
  const AxisView view = view_around(x.dims(), axis);
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::int64_t line = 0; line < view.outer * view.inner; ++line) {
      const std::int64_t first = line / view.inner * view.extent * view.inner + line % view.inner;
      auto best = static_cast<std::size_t>(first);
      for (std::int64_t i = 1; i < view.extent; ++i) {
        const auto at = static_cast<std::size_t>(first + i * view.inner);
        const bool is_first_nan = std::isnan(in[at]) && !std::isnan(in[best]);
        if (in[at] > in[best] || is_first_nan) best = at;
      }
      out[best] = T{1};
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Hardmax() {
  return {.name = "Hardmax", .infer = infer_hardmax, .evaluate = evaluate_hardmax};
}

}  // namespace lathe::ops
