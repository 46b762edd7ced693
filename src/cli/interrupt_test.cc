#include "cli/interrupt.h"

#include <gtest/gtest.h>

namespace lathe::cli {
namespace {

int handled = 0;

struct sigaction action_of(int signal) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return action;
}

// Gives a signal back what it had.
class Restore {
 public:
  explicit Restore(int signal) : signal_(signal), before_(action_of(signal)) {}
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;
  ~Restore() { ::sigaction(signal_, &before_, nullptr); }

 private:
  int signal_;
  struct sigaction before_;
};

TEST(CatchInterrupts, TheFirstOneSetsAFlag) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const CatchInterrupts catching;
    EXPECT_FALSE(interrupted());
    std::raise(signal);
    EXPECT_TRUE(interrupted());
    EXPECT_EQ(action_of(signal).sa_handler, SIG_DFL) << "a second one would not end the program";
  }
}

TEST(CatchInterrupts, WhatWasIgnoredStaysIgnored) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const Restore restore(signal);
    std::signal(signal, SIG_IGN);
    {
      const CatchInterrupts catching;
      std::raise(signal);
      EXPECT_FALSE(interrupted());
    }
    EXPECT_EQ(action_of(signal).sa_handler, SIG_IGN);
  }
}

TEST(CatchInterrupts, LeavesAllAsItWas) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const Restore restore(signal);
    struct sigaction own {};
    own.sa_handler = [](int) { ++handled; };
    own.sa_flags = SA_NODEFER;
    ::sigaddset(&own.sa_mask, SIGUSR1);
    ::sigaction(signal, &own, nullptr);
    { const CatchInterrupts catching; }
    const struct sigaction after = action_of(signal);
    EXPECT_EQ(after.sa_handler, own.sa_handler);
    EXPECT_NE(after.sa_flags & SA_NODEFER, 0);
    EXPECT_EQ(::sigismember(&after.sa_mask, SIGUSR1), 1);
    handled = 0;
    std::raise(signal);
    EXPECT_EQ(handled, 1);
  }
}

}  // namespace
}  // namespace lathe::cli
