#include <cmath>

#include "ops/dispatch.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_lp_normalization(const InferContext& context) {
  const std::int64_t p = context.attributes().get_int("p");
  if (p != 1 && p != 2) return invalid_data("p is {}, expected 1 or 2", p);
  if (const auto& shape = context.input(0).shape) {
    RETURN_IF_ERROR(normalize_axis(context.attributes().get_int("axis"), shape->size()));
  }
  return infer_like_float_input(context);
}

Result<Values> evaluate_lp_normalization(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const bool squares = context.attributes().get_int("p") == 2;
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), x.rank()));
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  if (x.num_elements() == 0) return std::vector{std::move(y)};
  const AxisView view = view_around(x.dims(), axis);
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::int64_t line = 0; line < view.outer * view.inner; ++line) {
      const std::int64_t begin = line / view.inner * view.extent * view.inner + line % view.inner;
      const auto at = [&](std::int64_t i) {
        return static_cast<std::size_t>(begin + i * view.inner);
      };
      double norm = 0;
      for (std::int64_t i = 0; i < view.extent; ++i) {
        const auto v = static_cast<double>(in[at(i)]);
        norm += squares ? v * v : std::abs(v);
      }
      if (squares) norm = std::sqrt(norm);
      for (std::int64_t i = 0; i < view.extent; ++i)
        out[at(i)] = norm == 0 ? T{0} : static_cast<T>(static_cast<double>(in[at(i)]) / norm);
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_LpNormalization() {
  return {.name = "LpNormalization",
          .infer = infer_lp_normalization,
          .evaluate = evaluate_lp_normalization};
}

}  // namespace lathe::ops
