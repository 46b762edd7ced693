// The activations of the gates of RNN, GRU and LSTM.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ops/attributes.h"

namespace lathe::ops {

// One function of a number, behind the clipping of its input.
class Activation {
 public:
  enum class Kind {
    kRelu,
    kTanh,
    kSigmoid,
    kAffine,
    kLeakyRelu,
    kThresholdedRelu,
    kScaledTanh,
    kHardSigmoid,
    kElu,
    kSoftsign,
    kSoftplus
  };

  Activation(Kind kind, double alpha, double beta, double clip)
      : kind_(kind), alpha_(alpha), beta_(beta), clip_(clip) {}

  [[nodiscard]] double operator()(double x) const;

 private:
  Kind kind_;
  double alpha_;
  double beta_;
  double clip_;  // infinity where there is none
};

// Those that attributes `activations`, `activation_alpha`, `activation_beta` and `clip` ask for, of
// one direction after the other; `names` are those of one direction where the node has none.
Result<std::vector<Activation>> recurrent_activations(const Attributes& attributes,
                                                      std::span<const std::string_view> names,
                                                      std::size_t directions);

}  // namespace lathe::ops
