#include "base/progress.h"

#include <gtest/gtest.h>

namespace lathe {
namespace {

TEST(Format, ReadsWell) {
  EXPECT_EQ(format_duration(2.13), "2.1 s");
  EXPECT_EQ(format_duration(200), "3 min 20 s");
  EXPECT_EQ(format_duration(3900), "1 h 05 min");
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1234), "1.23 KB");
  EXPECT_EQ(format_bytes(34.5e6), "34.50 MB");
  EXPECT_EQ(format_count(25557032), "25.56 M");
  EXPECT_EQ(format_count(312), "312");
}

TEST(Progress, TheTimeLeftIsThatOfOnesOwnWork) {
  EXPECT_EQ(seconds_left(10, 0, 25, 100), 30);
  EXPECT_EQ(seconds_left(10, 50, 75, 100), 10);  // not the 50 that were there before
  EXPECT_EQ(seconds_left(10, 50, 50, 100), std::nullopt);
  EXPECT_EQ(seconds_left(10, 0, 1, 100), std::nullopt);
  EXPECT_EQ(seconds_left(10, 0, 100, 100), std::nullopt);
}

TEST(Progress, IsSilentWhereThereIsNoTerminal) {
  testing::internal::CaptureStderr();
  {
    Progress progress("work", 10);
    for (int i = 0; i <= 10; ++i) progress.update(i);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace lathe
