#include "train/fastest.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace lathe::train {
namespace {

// Ways that take a given time, give or take `noise` of it, on a machine whose clock drifts.
class FakeMachine {
 public:
  explicit FakeMachine(std::vector<double> seconds, double noise = 0.02, std::uint64_t seed = 1)
      : seconds_(std::move(seconds)), noise_(noise), random_(seed), turns(seconds_.size(), 0) {}

  Result<double> operator()(std::size_t way, std::int64_t count) {
    ++turns[way];
    drift_ *= 1.001;
    const double seconds = static_cast<double>(count) * seconds_[way] * drift_ *
                           (1 + noise_ * static_cast<double>(random_.uniform(-1, 1)));
    spent += seconds;
    return seconds;
  }

 private:
  std::vector<double> seconds_;
  double noise_;
  Random random_;
  double drift_ = 1;

 public:
  std::vector<int> turns;
  double spent = 0;
};

Fastest fastest_on(FakeMachine& machine) {
  const auto found = find_fastest(machine.turns.size(), std::ref(machine));
  EXPECT_TRUE(found.ok());
  return *found;
}

// The case of a machine with AMX: the fourth way gains 15 % over the second.
TEST(Fastest, FindsFifteenPercentInNoise) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    FakeMachine machine({0.080, 0.0523, 0.060, 0.0455}, 0.08, seed);
    EXPECT_EQ(fastest_on(machine).way, 3U) << seed;
    EXPECT_LT(machine.spent, 2 * kMostSeconds);
  }
}

TEST(Fastest, FindsFourPercentInLessNoise) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    FakeMachine machine({0.0104, 0.0100}, 0.02, seed);
    EXPECT_EQ(fastest_on(machine).way, 1U) << seed;
  }
}

TEST(Fastest, OfEqualsTheFirstIsTaken) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    FakeMachine machine({0.01005, 0.01, 0.01}, 0.005, seed);
    EXPECT_EQ(fastest_on(machine).way, 0U) << seed;
    EXPECT_LT(machine.spent, kMostSeconds);  // it is clear soon
  }
}

TEST(Fastest, WhatCannotBeToldApartIsTakenForEqual) {
  int others = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    FakeMachine machine({0.01, 0.01}, 0.5, seed);
    others += fastest_on(machine).way == 1 ? 1 : 0;
  }
  EXPECT_LT(others, 25);  // each look at the interval may err in one of twenty
}

TEST(Fastest, GivesUpEarlyWhatIsFarBehind) {
  FakeMachine machine({0.5, 0.1, 0.01});
  const Fastest found = fastest_on(machine);
  EXPECT_EQ(found.way, 2U);
  EXPECT_EQ(machine.turns, (std::vector<int>{1, 1, 1}));
  ASSERT_EQ(found.seconds.size(), 3U);
  EXPECT_NEAR(found.seconds[0], 0.5, 0.02);
}

TEST(Fastest, LongWorkIsDoneTwice) {
  FakeMachine machine({31, 30, 20});
  EXPECT_EQ(fastest_on(machine).way, 2U);
  EXPECT_EQ(machine.turns, (std::vector<int>{2, 2, 2}));
}

TEST(Fastest, ShortWorkIsDoneManyTimesInATurn) {
  FakeMachine machine({0.00012, 0.0001}, 0.01);
  EXPECT_EQ(fastest_on(machine).way, 1U);
  EXPECT_NEAR(fastest_on(machine).seconds[1], 0.0001, 0.00001);
}

TEST(Fastest, OneWayNeedsNoRace) {
  FakeMachine machine({0.01});
  EXPECT_EQ(fastest_on(machine).way, 0U);
  EXPECT_EQ(machine.turns[0], 1);
}

TEST(Fastest, StopsWhenAsked) {
  FakeMachine machine({0.010, 0.0101});
  int questions = 0;
  const auto stopped =
      find_fastest(2, std::ref(machine), [&questions] { return ++questions == 4; });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kInterrupted);
  EXPECT_EQ(machine.turns[0] + machine.turns[1], 3);
}

TEST(Fastest, TellsWhatFailed) {
  const auto failed = find_fastest(2, [](std::size_t way, std::int64_t) -> Result<double> {
    if (way == 1) return unsupported("way {}", way);
    return 0.01;
  });
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message(), "way 1");
}

}  // namespace
}  // namespace lathe::train
