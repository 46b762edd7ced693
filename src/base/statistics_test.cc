#include "base/statistics.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

#include "base/random.h"

namespace lathe {
namespace {

std::vector<double> from_1_to(int n) {
  std::vector<double> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

TEST(Quantile, Interpolates) {
  EXPECT_EQ(quantile({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(quantile({1, 2}, 0.5), 1.5);
  EXPECT_EQ(quantile({7}, 0.99), 7);
}

TEST(DescribeValues, MatchesNumbersByHand) {
  const Distribution d = describe_values({4, 2, 9, 5});
  EXPECT_EQ(d.min, 2);
  EXPECT_EQ(d.mean, 5);
  EXPECT_NEAR(d.stddev, 2.943920, 1e-6);  // sqrt((1 + 9 + 16 + 0) / 3)
  EXPECT_EQ(d.p50, 4.5);
  EXPECT_NEAR(d.p90, 7.8, 1e-12);
  EXPECT_NEAR(d.p95, 8.4, 1e-12);
  EXPECT_NEAR(d.p99, 8.88, 1e-12);
  EXPECT_EQ(describe_values({3}).stddev, 0);
}

// Ranks as the tables of the binomial distribution give them.
TEST(MedianInterval, TakesTheRanksOfTheBinomialDistribution) {
  EXPECT_FALSE(median_interval(from_1_to(5)));  // 1 - 2 / 2^5 is 0.9375
  const struct {
    int n;
    double low, high;
  } cases[] = {{6, 1, 6}, {8, 1, 8}, {9, 2, 8}, {10, 2, 9}, {20, 6, 15}, {100, 40, 61}};
  for (const auto& c : cases) {
    const auto interval = median_interval(from_1_to(c.n));
    ASSERT_TRUE(interval) << c.n;
    EXPECT_EQ(interval->low, c.low) << c.n;
    EXPECT_EQ(interval->high, c.high) << c.n;
  }
  EXPECT_FALSE(median_interval({}));
  EXPECT_FALSE(median_interval(from_1_to(7), 0.99));
  EXPECT_TRUE(median_interval(from_1_to(8), 0.99));
  const auto many = median_interval(from_1_to(5001));
  ASSERT_TRUE(many);
  EXPECT_NEAR(many->low, 2501 - 69, 2);  // 1.96 sqrt(n) / 2
}

TEST(MedianInterval, CoversTheMedianAsOftenAsItSays) {
  Random random(7);
  int covered = 0;
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(15);
    for (double& value : values) value = std::exp(static_cast<double>(random.normal()));
    const auto interval = median_interval(values);
    covered += interval->low <= 1 && 1 <= interval->high ? 1 : 0;
  }
  EXPECT_GT(covered, 0.95 * kTrials);
  EXPECT_LT(covered, 0.98 * kTrials);  // 0.965 for 15 values
}

TEST(MedianIsStable, NeedsEnoughValuesCloseTogether) {
  EXPECT_FALSE(median_is_stable(std::vector<double>{}, 0.01));
  EXPECT_FALSE(median_is_stable(std::vector<double>(5, 3.0), 0.01));
  EXPECT_TRUE(median_is_stable(std::vector<double>(6, 3.0), 0.01));
  EXPECT_TRUE(median_is_stable(std::vector<double>{100, 101, 100, 101, 100, 101.9}, 0.01));
  EXPECT_FALSE(median_is_stable(std::vector<double>{100, 101, 100, 101, 100, 102.2}, 0.01));
  // A single value far away does not count once there are enough.
  EXPECT_TRUE(median_is_stable(std::vector<double>{5, 5, 5, 5, 5, 5, 5, 5, 90}, 0.01));
}

TEST(PairedRatio, CancelsWhatBothShare) {
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < 10; ++i) {
    a.push_back(3.0 * (1 + i));
    b.push_back(2.0 * (1 + i));
  }
  const auto drifting = paired_ratio(a, b);
  ASSERT_TRUE(drifting);
  EXPECT_DOUBLE_EQ(drifting->median, 1.5);
  EXPECT_DOUBLE_EQ(drifting->spread->low, 1.5);
  EXPECT_DOUBLE_EQ(drifting->spread->high, 1.5);

  const auto uneven = paired_ratio(from_1_to(11), std::vector<double>(20, 2.0));
  EXPECT_DOUBLE_EQ(uneven->median, 3);
  EXPECT_DOUBLE_EQ(uneven->spread->low, 1);
  EXPECT_DOUBLE_EQ(uneven->spread->high, 5);
  EXPECT_FALSE(paired_ratio({}, a));
}

}  // namespace
}  // namespace lathe
