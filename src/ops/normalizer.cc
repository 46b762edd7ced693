#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/domains.h"
#include "ops/samples.h"

namespace lathe::ops {
namespace {

Result<Types> infer_normalizer(const InferContext& context) {
  const std::string& norm = context.attributes().get_string("norm");
  if (norm != "MAX" && norm != "L1" && norm != "L2")
    return invalid_data("norm is '{}', expected MAX, L1 or L2", norm);
  RETURN_IF_ERROR(infer_samples(context));
  return std::vector{ir::TensorType{ir::DataType::kFloat32, context.input(0).shape}};
}

// MAX is the largest feature as it is, not its magnitude; what is no number does not count in it.
double norm_of(std::span<const double> features, const std::string& norm) {
  double result = norm == "MAX" ? std::numeric_limits<double>::lowest() : 0;
  for (const double feature : features) {
    if (norm == "MAX") {
      result = std::max(result, feature);
    } else {
      result += norm == "L1" ? std::abs(feature) : feature * feature;
    }
  }
  return norm == "L2" ? std::sqrt(result) : result;
}

Result<Values> evaluate_normalizer(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const std::string& norm = context.attributes().get_string("norm");
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32, x.dims()));
  const auto out = y.mutable_data<float>();
  for_each_sample(x, [&](std::size_t sample, std::span<const double> features) {
    const double divisor = norm_of(features, norm);
    for (std::size_t f = 0; f < features.size(); ++f) {
      out[sample * features.size() + f] =
          static_cast<float>(divisor == 0 ? features[f] : features[f] / divisor);
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Normalizer() {
  return {.name = "Normalizer",
          .domain = ir::kMlDomain,
          .infer = infer_normalizer,
          .evaluate = evaluate_normalizer};
}

}  // namespace lathe::ops
