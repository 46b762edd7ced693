#include "base/checked_math.h"

#include <array>
#include <gtest/gtest.h>
#include <limits>

namespace lathe {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

TEST(CheckedMath, SaysWhereAnIntegerCannotHoldIt) {
  EXPECT_EQ(checked_sum(kLargest - 1, 1), kLargest);
  EXPECT_EQ(checked_sum(kLargest, 1), std::nullopt);
  EXPECT_EQ(checked_product(std::array<std::int64_t, 3>{2, 3, 4}), 24);
  EXPECT_EQ(checked_product({}), 1);
  EXPECT_EQ(checked_product(std::array{kLargest, std::int64_t{0}}), 0);
  EXPECT_EQ(checked_product(std::array{kLargest, std::int64_t{2}}), std::nullopt);
  EXPECT_EQ(checked_product(std::array<std::int64_t, 2>{1LL << 31, 1LL << 32}), std::nullopt);
  EXPECT_EQ(checked_product(std::array<std::int64_t, 2>{1LL << 31, 1LL << 31}), 1LL << 62);
}

}  // namespace
}  // namespace lathe
