#include "measure/paired_accuracy.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

#include "base/random.h"

namespace lathe::measure {
namespace {

using Ranks = std::vector<std::int32_t>;

// Of `samples`, so many became right and so many wrong; of the others every second is right.
AccuracyChange change_of(int samples, int gained, int lost) {
  Ranks before;
  Ranks after;
  for (int i = 0; i < samples; ++i) {
    const bool changed = i < gained + lost;
    before.push_back(changed ? (i < gained ? 3 : 0) : i % 2);
    after.push_back(changed ? (i < gained ? 0 : 1) : i % 2);
  }
  return compare_accuracy(before, after).value();
}

TEST(PairedAccuracy, CountsWhatChanged) {
  const Ranks before{0, 0, 1, 4, 0, 9};
  const Ranks after{0, 1, 0, 5, 0, 0};
  const auto top1 = compare_accuracy(before, after);
  ASSERT_TRUE(top1);
  EXPECT_EQ(top1->samples, 6);
  EXPECT_EQ(top1->gained, 2);
  EXPECT_EQ(top1->lost, 1);
  EXPECT_DOUBLE_EQ(top1->difference, 1.0 / 6);
  EXPECT_FALSE(top1->measurable());
  const auto top5 = compare_accuracy(before, after, 5);
  EXPECT_EQ(top5->gained, 1);
  EXPECT_EQ(top5->lost, 1);
}

TEST(PairedAccuracy, NeedsTheSameSamples) {
  EXPECT_FALSE(compare_accuracy({}, {}));
  EXPECT_FALSE(compare_accuracy(Ranks{0, 1}, Ranks{0}));
}

// The exact test of McNemar has p = 2 / 2^5 = 0.0625 for five changes one way, 0.031 for six.
TEST(PairedAccuracy, AgreesWithMcNemarOnFewChanges) {
  for (const int samples : {200, 1000, 100000}) {
    EXPECT_FALSE(change_of(samples, 5, 0).measurable()) << samples;
    EXPECT_FALSE(change_of(samples, 0, 5).measurable()) << samples;
    EXPECT_TRUE(change_of(samples, 6, 0).measurable()) << samples;
    EXPECT_TRUE(change_of(samples, 0, 6).measurable()) << samples;
  }
}

TEST(PairedAccuracy, SameAnswersAreNoChangeWithAnInterval) {
  const AccuracyChange same = change_of(2000, 0, 0);
  EXPECT_DOUBLE_EQ(same.difference, 0);
  EXPECT_FALSE(same.measurable());
  EXPECT_NEAR(same.interval.high, 1.96 * std::sqrt(2.0) / 2002, 1e-9);
  EXPECT_DOUBLE_EQ(same.interval.low, -same.interval.high);
  // All wrong, then all right: no interval leaves [-1, 1].
  const AccuracyChange all = change_of(4, 4, 0);
  EXPECT_LE(all.interval.high, 1);
}

// 19 gained and 31 lost of 10 000: by hand, p = 20 / 10002, q = 32 / 10002.
TEST(PairedAccuracy, IntervalByHand) {
  const AccuracyChange change = change_of(10000, 19, 31);
  EXPECT_DOUBLE_EQ(change.difference, -0.0012);
  EXPECT_NEAR(change.interval.low, -0.0026127, 1e-7);
  EXPECT_NEAR(change.interval.high, 0.0002131, 1e-7);
  EXPECT_FALSE(change.measurable());
}

TEST(PairedAccuracy, CoversTheTruth) {
  Random random(4);
  const auto happens = [&](double share) { return random.uniform(0, 1) < share; };
  int covered = 0;
  constexpr int kTrials = 1000;
  for (int trial = 0; trial < kTrials; ++trial) {
    Ranks before;
    Ranks after;
    for (int i = 0; i < 500; ++i) {
      before.push_back(happens(0.1) ? 1 : 0);
      after.push_back(happens(0.04) ? 1 - before.back() : before.back());
    }
    const Interval interval = compare_accuracy(before, after)->interval;
    const double truth = 0.1 * 0.04 - 0.9 * 0.04;
    covered += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, 0.93 * kTrials);
  EXPECT_LE(covered, 0.98 * kTrials);
}

}  // namespace
}  // namespace lathe::measure
