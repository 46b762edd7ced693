#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/output_type.h"
#include "ops/random_draws.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_multinomial(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, output_type(context, "dtype"));
  const std::int64_t samples = context.attributes().get_int("sample_size");
  if (samples < 1)
    return invalid_data("attribute 'sample_size' is {}, expected 1 or more", samples);
  ir::Shape shape{ir::Dim(), samples};
  if (const auto& input = context.input(0).shape) {
    if (input->size() != 2 || (*input)[1] == ir::Dim(0)) {
      return invalid_data("{} has shape {}, expected [batch,classes]", context.place(0),
                          ir::to_string(*input));
    }
    shape[0] = (*input)[0];
  }
  return std::vector{ir::TensorType{type, std::move(shape)}};
}

// Sums of the probabilities of classes up to each one, times some factor. -inf is the logarithm of
// a probability of 0.
Status accumulate_probabilities(const ir::Tensor& log_probabilities, std::int64_t row,
                                std::vector<double>& sums) {
  const auto classes = static_cast<std::int64_t>(sums.size());
  const auto at = [&](std::int64_t i) { return log_probabilities.get_double(row * classes + i); };
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < classes; ++i) {
    if (std::isnan(at(i)) || at(i) == std::numeric_limits<double>::infinity())
      return invalid_argument("input has the value {}, which is no logarithm of a probability",
                              at(i));
    largest = std::max(largest, at(i));
  }
  if (std::isinf(largest)) return invalid_argument("no class of row {} has a probability", row);
  double sum = 0;
  for (std::int64_t i = 0; i < classes; ++i) {
    sum += std::exp(at(i) - largest);
    sums[static_cast<std::size_t>(i)] = sum;
  }
  return {};
}

Result<Values> evaluate_multinomial(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(context.output_types[0].data_type, dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  Random random = random_of(context.attributes());
  std::vector<double> sums(static_cast<std::size_t>(x.dim(1)));
  for (std::int64_t row = 0; row < dims[0]; ++row) {
    RETURN_IF_ERROR(accumulate_probabilities(x, row, sums));
    for (std::int64_t i = 0; i < dims[1]; ++i) {
      // Less than the last sum even where the product is rounded up to it.
      const double drawn =
          std::min(uniform_double(random) * sums.back(), std::nextafter(sums.back(), 0));
      const auto outcome = std::upper_bound(sums.begin(), sums.end(), drawn) - sums.begin();
      y.set_double(row * dims[1] + i, static_cast<double>(outcome));
    }
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Multinomial() {
  return {.name = "Multinomial",
          .infer = infer_multinomial,
          .evaluate = evaluate_multinomial,
          .traits = {.impure = true}};
}

}  // namespace lathe::ops
