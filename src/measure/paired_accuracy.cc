#include "measure/paired_accuracy.h"

#include <algorithm>
#include <cmath>

namespace lathe::measure {

std::optional<AccuracyChange> compare_accuracy(std::span<const std::int32_t> before,
                                               std::span<const std::int32_t> after,
                                               std::int32_t among) {
  if (before.empty() || before.size() != after.size()) return std::nullopt;
  AccuracyChange change{.samples = static_cast<std::int64_t>(before.size())};
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool was_right = before[i] < among;
    const bool is_right = after[i] < among;
    change.gained += !was_right && is_right ? 1 : 0;
    change.lost += was_right && !is_right ? 1 : 0;
  }
  const auto samples = static_cast<double>(change.samples);
  change.difference = static_cast<double>(change.gained - change.lost) / samples;
  const double p = static_cast<double>(change.gained + 1) / (samples + 2);
  const double q = static_cast<double>(change.lost + 1) / (samples + 2);
  const double half = 1.96 * std::sqrt((p + q - (p - q) * (p - q)) / (samples + 2));
  change.interval = {std::max(-1.0, p - q - half), std::min(1.0, p - q + half)};
  return change;
}

}  // namespace lathe::measure
