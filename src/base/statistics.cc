#include "base/statistics.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/result.h"

namespace lathe {
namespace {

double quantile_of_sorted(const std::vector<double>& values, double quantile) {
  const double at = quantile * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - std::floor(at)) * (values[above] - values[below]);
}

// The largest k with 2 P(Binomial(n, 1/2) < k) <= 1 - confidence; 0 where there is none.
std::size_t outer_rank(std::size_t n, double confidence) {
  const auto count = static_cast<double>(n);
  double log_term = -count * std::numbers::ln2;  // of P(Binomial = 0)
  double tail = 0;
  for (std::size_t k = 0; k < n / 2; ++k) {
    tail += std::exp(log_term);
    if (2 * tail > 1 - confidence) return k;
    log_term += std::log((count - static_cast<double>(k)) / static_cast<double>(k + 1));
  }
  return n / 2;
}

}  // namespace

double quantile(std::vector<double> values, double quantile) {
  LATHE_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  return quantile_of_sorted(values, quantile);
}

Distribution describe_values(std::vector<double> values) {
  LATHE_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  Distribution result;
  for (const double value : values) result.mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  if (values.size() > 1) result.stddev = std::sqrt(squares / (count - 1));
  result.min = values.front();
  result.p50 = quantile_of_sorted(values, 0.5);
  result.p90 = quantile_of_sorted(values, 0.9);
  result.p95 = quantile_of_sorted(values, 0.95);
  result.p99 = quantile_of_sorted(values, 0.99);
  return result;
}

std::optional<Interval> median_interval(std::vector<double> values, double confidence) {
  const std::size_t k = outer_rank(values.size(), confidence);
  if (k == 0) return std::nullopt;
  std::sort(values.begin(), values.end());
  return Interval{values[k - 1], values[values.size() - k]};
}

bool median_is_stable(std::span<const double> values, double tolerance) {
  const std::vector<double> all(values.begin(), values.end());
  const auto interval = median_interval(all);
  return interval && (interval->high - interval->low) / 2 <= tolerance * quantile(all, 0.5);
}

std::optional<Ratio> paired_ratio(std::span<const double> values, std::span<const double> others) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(values.size(), others.size()); ++i)
    ratios.push_back(values[i] / others[i]);
  if (ratios.empty()) return std::nullopt;
  std::sort(ratios.begin(), ratios.end());
  return Ratio{quantile_of_sorted(ratios, 0.5),
               Interval{quantile_of_sorted(ratios, 0.1), quantile_of_sorted(ratios, 0.9)}};
}

}  // namespace lathe
