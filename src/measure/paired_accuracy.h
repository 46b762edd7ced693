// Whether two models differ in accuracy, from what both answered to the same samples.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/statistics.h"

namespace lathe::measure {

// Both see the same samples, so that only those count which one of them has right and the other
// wrong: far fewer than two independent measurements would need to tell as small a difference.
struct AccuracyChange {
  std::int64_t samples = 0;
  std::int64_t gained = 0;  // wrong before, right after
  std::int64_t lost = 0;    // right before, wrong after
  double difference = 0;    // after less before, a fraction of the samples
  // 95 % confidence interval of the difference: with n samples, p = (gained + 1) / (n + 2) and
  // q = (lost + 1) / (n + 2) it is p - q plus and minus 1.96 sqrt((p + q - (p - q)^2) / (n + 2))
  // (Bonett and Price 2012, "Adjusted Wald confidence interval for a difference of binomial
  // proportions based on paired data").
  Interval interval = {};

  // Whether the interval leaves zero out.
  [[nodiscard]] bool measurable() const { return interval.low > 0 || interval.high < 0; }
};

// `before` and `after`: Evaluation::ranks of the same samples. An answer is right where its rank is
// below `among`: 1 for top-1, 5 for top-5. Nothing where there are no samples, or not as many of
// each.
std::optional<AccuracyChange> compare_accuracy(std::span<const std::int32_t> before,
                                               std::span<const std::int32_t> after,
                                               std::int32_t among = 1);

}  // namespace lathe::measure
