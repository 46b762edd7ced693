#include "base/random.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

namespace lathe {
namespace {

TEST(Random, MatchesThePublishedSequenceOfPcg32) {
  Random random(42, 54);  // the demo of the PCG reference implementation
  for (const std::uint32_t expected : {0xa15c02b7U, 0x7b47f409U, 0xba1d3330U, 0x83d2f293U}) {
    EXPECT_EQ(random.next(), expected);
  }
}

TEST(Random, NormalHasUnitVariance) {
  Random random(1);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.02);
}

TEST(Random, ShuffleKeepsEveryItem) {
  std::vector<int> items(1000);
  std::iota(items.begin(), items.end(), 0);
  Random(7).shuffle(std::span(items));
  EXPECT_FALSE(std::is_sorted(items.begin(), items.end()));
  std::sort(items.begin(), items.end());
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(items[i], i);
}

}  // namespace
}  // namespace lathe
