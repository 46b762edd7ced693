#include <cmath>

#include "ops/dispatch.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_mean_variance_normalization(const InferContext& context) {
  const auto& shape = context.input(0).shape;
  if (shape) {
    RETURN_IF_ERROR(normalize_axes(*context.attributes().find_ints("axes"), shape->size()));
  }
  return infer_like_float_input(context);
}

// (x - mean) / (sqrt(mean of squares - square of the mean) + 1e-9), as the specification's function
// has it.
Result<Values> evaluate_mean_variance_normalization(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const auto axes,
                   normalize_axes(*context.attributes().find_ints("axes"), x.rank()));
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  if (x.num_elements() == 0) return std::vector{std::move(y)};
  Dims kept = axes.empty() ? Dims(x.rank(), 1) : x.dims();
  for (const std::size_t axis : axes) kept[axis] = 1;
  const Dims strides = broadcast_strides(kept, x.dims());
  const std::int64_t sets = product_of(kept);
  const auto count = static_cast<double>(x.num_elements() / sets);
  std::vector<double> mean(static_cast<std::size_t>(sets), 0.0);
  std::vector<double> deviation(static_cast<std::size_t>(sets), 0.0);
  const auto for_each_element = [&](auto body) {
    Dims index(x.rank(), 0);
    for (std::size_t i = 0; i < static_cast<std::size_t>(x.num_elements()); ++i) {
      std::int64_t set = 0;
      for (std::size_t d = 0; d < index.size(); ++d) set += index[d] * strides[d];
      body(i, static_cast<std::size_t>(set));
      next_index(index, x.dims());
    }
  };
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for_each_element(
        [&](std::size_t i, std::size_t set) { mean[set] += static_cast<double>(in[i]) / count; });
    for_each_element([&](std::size_t i, std::size_t set) {
      const double distance = static_cast<double>(in[i]) - mean[set];
      deviation[set] += distance * distance / count;
    });
    for (double& v : deviation) v = std::sqrt(v) + 1e-9;
    for_each_element([&](std::size_t i, std::size_t set) {
      out[i] = static_cast<T>((static_cast<double>(in[i]) - mean[set]) / deviation[set]);
    });
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_MeanVarianceNormalization() {
  return {.name = "MeanVarianceNormalization",
          .infer = infer_mean_variance_normalization,
          .evaluate = evaluate_mean_variance_normalization};
}

}  // namespace lathe::ops
