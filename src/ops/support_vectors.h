// What SVMClassifier and SVMRegressor of ai.onnx.ml share.
#pragma once

#include <span>

#include "base/result.h"
#include "ops/attributes.h"

namespace lathe::ops {

// How alike two vectors are: the attributes kernel_type and kernel_params.
class VectorKernel {
 public:
  static Result<VectorKernel> read(const Attributes& attributes);
  // Whatever the attributes say, where there are no support vectors.
  static VectorKernel linear() { return {}; }

  // Of the features of a sample, and a vector of as many numbers.
  [[nodiscard]] double operator()(std::span<const double> features,
                                  std::span<const float> vector) const;

 private:
  enum class Kind { kLinear, kPoly, kRbf, kSigmoid };
  Kind kind_ = Kind::kLinear;
  double gamma_ = 0;
  double coef0_ = 0;
  double degree_ = 0;
};

}  // namespace lathe::ops
