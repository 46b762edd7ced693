#include "base/progress.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/log.h"

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

// What reaches a terminal that is standard error while `work` is done.
std::string shown_on_terminal(const std::function<void()>& work) {
  const int shown = ::posix_openpt(O_RDWR | O_NOCTTY);
  EXPECT_EQ(::grantpt(shown) + ::unlockpt(shown), 0);
  const int terminal = ::open(::ptsname(shown), O_RDWR | O_NOCTTY);
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(terminal, STDERR_FILENO);
  work();
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  // What was written arrives piece by piece; where the terminal is closed, its end is an error.
  ::close(terminal);
  std::string text;
  char piece[4096];
  for (ssize_t size = 0; (size = ::read(shown, piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(size));
  ::close(shown);
  return text;
}

TEST(Progress, MakesRoomForMessages) {
  const std::string shown = shown_on_terminal([] {
    Progress progress("work", 2);
    progress.update(2);
    hide_progress();
    std::fputs("a message\n", stderr);
    progress.update(2);
    log_warning("another");
  });
  EXPECT_THAT(shown, testing::HasSubstr("100 %\r\x1b[Ka message"));
  EXPECT_THAT(shown, testing::ContainsRegex("100 %\r.\\[K[^\r]*warning"));
}

}  // namespace
}  // namespace lathe
