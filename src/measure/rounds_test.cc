#include "measure/rounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe::measure {
namespace {

using testing::ElementsAre;

// Rounds of rows whose runs take as long as is said, without any clock.
class Script {
 public:
  using Latency = std::function<double(std::size_t row, std::size_t round)>;  // ms
  explicit Script(std::size_t rows, Latency latency)
      : latency_(std::move(latency)), rounds_(rows, 0) {}

  MeasureRound measure() {
    return [this](std::size_t row, double seconds) -> Result<Round> {
      order_ += static_cast<char>('A' + row);
      const double ms = latency_(row, rounds_[row]++);
      if (ms < 0) return invalid_data("row {} fell over", row);
      Round round;
      do {
        round.latencies_ms.push_back(ms);
        round.wall_ms += ms;
      } while (round.wall_ms < seconds * 1000);
      return round;
    };
  }
  [[nodiscard]] const std::string& order() const { return order_; }

 private:
  Latency latency_;
  std::vector<std::size_t> rounds_;
  std::string order_;
};

TEST(MeasureInRounds, TakesTurnsAndStopsWhenAllAreStable) {
  Script script(2, [](std::size_t row, std::size_t) { return row == 0 ? 1.0 : 3.0; });
  const auto series = measure_in_rounds(2, {.seconds = 2}, script.measure());
  EXPECT_EQ(script.order(), "ABABABABABAB");
  ASSERT_EQ(series.size(), 2U);
  for (const RoundSeries& row : series) {
    EXPECT_TRUE(row.stable);
    EXPECT_FALSE(row.failed);
    EXPECT_EQ(row.rounds.size(), 6U);
  }
  EXPECT_EQ(series[0].rounds[0].latencies_ms.size(), 100U);  // a twentieth of two seconds
}

TEST(MeasureInRounds, StopsWhenTheTimeIsOver) {
  // Never within 1 % of each other.
  Script script(1, [](std::size_t, std::size_t round) { return round % 2 == 0 ? 1.0 : 1.5; });
  const auto series = measure_in_rounds(1, {.seconds = 1}, script.measure());
  EXPECT_FALSE(series[0].stable);
  EXPECT_THAT(series[0].rounds.size(), testing::AllOf(testing::Ge(19U), testing::Le(21U)));
}

TEST(MeasureInRounds, StableRowsGoOnWhileOthersAreNot) {
  Script script(2, [](std::size_t row, std::size_t round) {
    return row == 0 ? 1.0 : (round < 9 ? 2.0 + 0.1 * static_cast<double>(round) : 3.0);
  });
  const auto series = measure_in_rounds(2, {.seconds = 100}, script.measure());
  EXPECT_TRUE(series[1].stable);
  EXPECT_GT(series[1].rounds.size(), 9U);
  EXPECT_EQ(series[0].rounds.size(), series[1].rounds.size());
}

TEST(MeasureInRounds, SlowRowsGetTheFewestRoundsAndThenRest) {
  Script script(2, [](std::size_t row, std::size_t round) {
    return row == 0 ? 5000.0 : (round % 2 == 0 ? 1.0 : 1.5);
  });
  const auto series = measure_in_rounds(2, {.seconds = 1}, script.measure());
  EXPECT_EQ(series[0].rounds.size(), 6U);
  EXPECT_EQ(series[0].rounds[0].latencies_ms.size(), 1U);
  EXPECT_GT(series[1].rounds.size(), 15U);
  EXPECT_EQ(script.order().substr(0, 14), "ABABABABABABBB");
}

TEST(MeasureInRounds, ARowThatFailsLeavesTheOthers) {
  Script script(
      3, [](std::size_t row, std::size_t round) { return row == 1 && round == 2 ? -1.0 : 1.0; });
  const auto series = measure_in_rounds(3, {.seconds = 1}, script.measure());
  EXPECT_EQ(script.order(), "ABCABCABCACACAC");
  ASSERT_TRUE(series[1].failed);
  EXPECT_EQ(series[1].failed->message(), "row 1 fell over");
  EXPECT_TRUE(series[0].stable);
  EXPECT_TRUE(series[2].stable);
  EXPECT_TRUE(measure_in_rounds(0, {}, script.measure()).empty());
}

TEST(MeasureInRounds, TellsHowFarItIs) {
  Script script(2, [](std::size_t, std::size_t round) { return round % 2 == 0 ? 1.0 : 1.5; });
  double last = -1;
  std::vector<std::size_t> rounds;
  measure_in_rounds(2, {.seconds = 1}, script.measure(),
                    [&](std::size_t round, std::size_t row, double share) {
                      EXPECT_GE(share, last);
                      EXPECT_LE(share, 1);
                      last = share;
                      if (row == 0) rounds.push_back(round);
                    });
  EXPECT_GT(last, 0.9);
  EXPECT_EQ(rounds.front(), 0U);
  EXPECT_EQ(rounds.back(), rounds.size() - 1);
}

TEST(RoundSeconds, IsAShareOfTheTimeUpToALimit) {
  EXPECT_DOUBLE_EQ(round_seconds({.seconds = 2}), 0.1);
  EXPECT_DOUBLE_EQ(round_seconds({.seconds = 60}), 0.25);
}

TEST(Rounds, MediansAndRates) {
  const std::vector<Round> rounds = {{{1, 2, 9}, 20}, {{4}, 4}};
  EXPECT_THAT(round_medians(rounds), ElementsAre(2, 4));
  EXPECT_THAT(round_rates(rounds), ElementsAre(150, 250));
}

}  // namespace
}  // namespace lathe::measure
