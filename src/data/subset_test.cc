#include "data/subset.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe::data {
namespace {

TEST(Subset, RandomChoiceIsNestedAndOrdered) {
  const auto ten = random_choice(1000, 10, 3);
  const auto hundred = random_choice(1000, 100, 3);
  EXPECT_EQ(ten.size(), 10);
  EXPECT_TRUE(std::ranges::is_sorted(hundred));
  EXPECT_TRUE(std::ranges::includes(hundred, ten));
  EXPECT_NE(random_choice(1000, 10, 4), ten);
  EXPECT_THAT(random_choice(3, 9, 1), testing::ElementsAre(0, 1, 2));
  EXPECT_GT(hundred.back(), 500);
}

TEST(Subset, StratifiedChoiceTakesItsShareOfEachClass) {
  std::vector<std::int64_t> labels;
  std::vector<std::uint64_t> keys;
  for (int i = 0; i < 100; ++i) {
    labels.push_back(i < 50 ? 0 : i < 98 ? 1 : 2);
    keys.push_back(stable_hash(std::to_string(i)));
  }
  const std::vector<bool> chosen = stratified_choice(labels, keys, 0.2);
  std::vector<int> counts(3);
  for (std::size_t i = 0; i < 100; ++i) {
    counts[static_cast<std::size_t>(labels[i])] += chosen[i] ? 1 : 0;
  }
  EXPECT_THAT(counts, testing::ElementsAre(10, 10, 1));
  EXPECT_THAT(stratified_choice(labels, keys, 0), testing::Not(testing::Contains(true)));
}

TEST(Subset, StratifiedChoiceLeavesOneOfEachClass) {
  for (const double share : {0.05, 0.5, 0.9}) {
    for (std::size_t size = 1; size < 6; ++size) {
      const std::vector<std::int64_t> labels(size, 0);
      const std::vector<std::uint64_t> keys(size, 7);
      const auto chosen = std::ranges::count(stratified_choice(labels, keys, share), true);
      EXPECT_LT(chosen, std::ssize(labels)) << share;
      EXPECT_EQ(chosen == 0, size == 1) << share << " of " << size;
    }
  }
}

TEST(Subset, HashesAreTheSameEverywhere) {
  EXPECT_EQ(stable_hash("cat/0001.jpg"), stable_hash("cat/0001.jpg"));
  EXPECT_NE(stable_hash("cat/0001.jpg"), stable_hash("cat/0002.jpg"));
}

}  // namespace
}  // namespace lathe::data
