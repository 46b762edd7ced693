#include "ops/softmax_rows.h"

#include <algorithm>
#include <cmath>

#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {

Result<Types> infer_softmax(const InferContext& context) {
  const auto& shape = context.input(0).shape;
  if (shape) {
    RETURN_IF_ERROR(normalize_axis(context.attributes().get_int("axis"), shape->size()));
  }
  return infer_like_float_input(context);
}

Result<ir::Tensor> softmax_along(const ir::Tensor& x, std::size_t axis, bool logarithm) {
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  const auto extent = static_cast<std::size_t>(x.dim(axis));
  std::size_t inner = 1;
  for (std::size_t d = axis + 1; d < x.rank(); ++d) inner *= static_cast<std::size_t>(x.dim(d));
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::size_t row = 0; extent > 0 && row < in.size() / extent; ++row) {
      const std::size_t first = row / inner * extent * inner + row % inner;
      double highest = static_cast<double>(in[first]);
      for (std::size_t i = 1; i < extent; ++i) {
        highest = std::max(highest, static_cast<double>(in[first + i * inner]));
      }
      double sum = 0;
      for (std::size_t i = 0; i < extent; ++i) {
        sum += std::exp(static_cast<double>(in[first + i * inner]) - highest);
      }
      for (std::size_t i = 0; i < extent; ++i) {
        const double shifted = static_cast<double>(in[first + i * inner]) - highest;
        out[first + i * inner] =
            static_cast<T>(logarithm ? shifted - std::log(sum) : std::exp(shifted) / sum);
      }
    }
  });
  return y;
}

Result<Values> evaluate_softmax(const EvaluateContext& context, bool logarithm) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), x.rank()));
  ASSIGN_OR_RETURN(ir::Tensor y, softmax_along(x, axis, logarithm));
  return std::vector{std::move(y)};
}

}  // namespace lathe::ops
