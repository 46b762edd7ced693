// What repeated measurements say, without assuming that they are normally distributed: times have a
// long tail, and machines drift.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace lathe {

// The value below which a share `quantile` of the values lies, interpolated between neighbours;
// `values` not empty.
double quantile(std::vector<double> values, double quantile);

struct Distribution {
  double min = 0;
  double mean = 0;
  double stddev = 0;  // of the sample (n - 1); 0 for a single value
  double p50 = 0;
  double p90 = 0;
  double p95 = 0;
  double p99 = 0;
};
Distribution describe_values(std::vector<double> values);  // not empty

struct Interval {
  double low = 0;
  double high = 0;
};

// Confidence interval of the median that holds for independent values of any distribution: from the
// k-th smallest to the k-th largest of n values the median lies with probability
// 1 - 2 P(Binomial(n, 1/2) < k), and k is the largest for which that reaches `confidence`
// (David and Nagaraja, "Order Statistics", 3rd edition, section 7.1). Nothing where there are too
// few values; 0.95 takes six.
std::optional<Interval> median_interval(std::vector<double> values, double confidence = 0.95);

// Whether the 95 % confidence interval of the median reaches no further than `tolerance` times the
// median to either side, taken as half its width: the rule by which Hoefler and Belli, "Scientific
// Benchmarking of Parallel Computing Systems" (SC 2015), end a series of measurements.
bool median_is_stable(std::span<const double> values, double tolerance);

// How many times a quantity is another one that was measured at the same times.
struct Ratio {
  double median = 0;
  // The 10th and 90th percentiles over the pairs; nothing where the two were not measured together.
  std::optional<Interval> spread;
};
// Over the pairs values[i] / others[i], as many as both have; what both share, such as the
// machine's clock at the time, cancels. Nothing without a pair. All values are positive.
std::optional<Ratio> paired_ratio(std::span<const double> values, std::span<const double> others);

}  // namespace lathe
