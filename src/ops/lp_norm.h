// The Lp norm of some numbers, for LpPool and GlobalLpPool.
#pragma once

#include <cmath>
#include <cstdint>

#include "ops/op_def.h"

namespace lathe::ops {

// (sum of |v|^p)^(1/p), in terms of the largest |v|, so that no power overflows. NaN where one of
// the numbers is.
class LpNorm {
 public:
  explicit LpNorm(std::int64_t p) : p_(static_cast<double>(p)) {}

  void clear() { largest_ = sum_ = 0; }
  void add(double value) {
    const double magnitude = std::abs(value);
    if (magnitude == 0) return;
    if (magnitude <= largest_) {
      sum_ += magnitude == largest_ ? 1 : std::pow(magnitude / largest_, p_);
    } else {
      sum_ = 1 + (sum_ == 0 ? 0 : sum_ * std::pow(largest_ / magnitude, p_));
      largest_ = magnitude;
    }
  }
  [[nodiscard]] double value() const { return largest_ * std::pow(sum_, 1 / p_); }

 private:
  double p_;
  double largest_ = 0;
  double sum_ = 0;  // of (|v| / largest)^p
};

inline Status check_norm_order(const Attributes& attributes) {
  const std::int64_t p = attributes.get_int("p");
  return p >= 1 ? Status{} : invalid_data("attribute 'p' is {}, expected 1 or more", p);
}

}  // namespace lathe::ops
