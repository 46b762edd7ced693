#include "ops/support_vectors.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/list_attribute.h"
#include "ops/samples.h"

namespace lathe::ops {

Result<VectorKernel> VectorKernel::read(const Attributes& attributes) {
  constexpr std::array<std::string_view, 4> kNames = {"LINEAR", "POLY", "RBF", "SIGMOID"};
  const std::string& name = attributes.get_string("kernel_type");
  const auto* const found = std::ranges::find(kNames, name);
  if (found == kNames.end())
    return invalid_data("kernel_type is '{}', expected LINEAR, POLY, RBF or SIGMOID", name);
  VectorKernel kernel;
  kernel.kind_ = static_cast<Kind>(found - kNames.begin());
  const auto parameters = list_attribute<float>(attributes, "kernel_params");
  if (parameters.empty()) return kernel;
  if (parameters.size() != 3) {
    return invalid_data("kernel_params has {} values, expected gamma, coef0 and degree",
                        parameters.size());
  }
  kernel.gamma_ = static_cast<double>(parameters[0]);
  kernel.coef0_ = static_cast<double>(parameters[1]);
  kernel.degree_ = static_cast<double>(parameters[2]);
  return kernel;
}

double VectorKernel::operator()(std::span<const double> features,
                                std::span<const float> vector) const {
  if (kind_ == Kind::kRbf) {
    double distance = 0;
    for (std::size_t f = 0; f < features.size(); ++f) {
      const double difference = features[f] - static_cast<double>(vector[f]);
      distance += difference * difference;
    }
    return std::exp(-gamma_ * distance);
  }
  const double product = weighted_sum(features, vector);
  switch (kind_) {
    case Kind::kPoly:
      return std::pow(gamma_ * product + coef0_, degree_);
    case Kind::kSigmoid:
      return std::tanh(gamma_ * product + coef0_);
    default:
      return product;
  }
}

}  // namespace lathe::ops
