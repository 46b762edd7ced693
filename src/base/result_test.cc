#include "base/result.h"

#include <gtest/gtest.h>
#include <memory>

namespace lathe {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return invalid_argument("{} is odd", n);
  return n / 2;
}
Result<int> quarter(int n) {
  ASSIGN_OR_RETURN(const int h, half(n));
  return half(h).with_context("second half");
}
Status check(int n) {
  RETURN_IF_ERROR(quarter(n));
  return {};
}

TEST(Result, PropagatesValuesAndErrors) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(7).error().message(), "7 is odd");
  EXPECT_EQ(quarter(6).error().message(), "second half: 3 is odd");
  EXPECT_EQ(quarter(6).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(check(4).ok());
  EXPECT_FALSE(check(6).ok());
  EXPECT_EQ(half(3).value_or(-1), -1);
}

TEST(Result, HoldsMoveOnlyTypes) {
  Result<std::unique_ptr<int>> r(std::make_unique<int>(3));
  std::unique_ptr<int> p = std::move(r).value();
  EXPECT_EQ(*p, 3);
}

TEST(ResultDeathTest, ReadingTheWrongSideStops) {
  EXPECT_DEATH(static_cast<void>(half(3).value()), "3 is odd");
}

}  // namespace
}  // namespace lathe
