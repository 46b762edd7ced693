// Measuring several things in turn, a little of each in every round (A B A B ...), so that what the
// machine does meanwhile, such as a clock that falls as it gets warm, meets all of them alike.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"

namespace lathe::measure {

// Inferences made one after the other, or several at a time.
struct Round {
  std::vector<double> latencies_ms;  // of each; not empty
  double wall_ms = 0;                // from the begin of the first to the end of the last
};

struct RoundOptions {
  double seconds = 2;  // of measuring for each row at most, once min_rounds are done
  // How long a round lasts is about this share of `seconds`, so that enough rounds fit to pair
  // them, and at most this long, so that what drifts hardly does within one.
  double round_share = 0.05;
  double max_round_seconds = 0.25;
  // The fewest from which the median has a confidence interval of 95 %.
  std::size_t min_rounds = 6;
  // Medians of the rounds, not single latencies, have to agree this well (median_is_stable):
  // neighbouring latencies depend on each other, and would agree too soon.
  double tolerance = 0.01;
  // Asked before each round of each row; true ends all series where they are.
  std::function<bool()> stop_requested = {};
};
double round_seconds(const RoundOptions& options);

struct RoundSeries {
  std::vector<Round> rounds;
  bool stable = false;          // the medians agreed before the time was over
  bool finished = false;        // stable, or its time was over
  std::optional<Error> failed;  // what ended the series
};

// Measures one round of row `row`, of about `seconds`. kInterrupted ends all series.
using MeasureRound = std::function<Result<Round>(std::size_t row, double seconds)>;
// Before each round of each row: the number of the round from 0, and how much of the time that all
// rows may take is over.
using OnRound = std::function<void(std::size_t round, std::size_t row, double share)>;

// Rounds of all rows in turn until each is stable or has had its time. A row that is stable goes on
// while others are not, as long as it has time, so that rounds stay paired: rounds[i] of two series
// were measured next to each other. A row that fails drops out, the others go on.
std::vector<RoundSeries> measure_in_rounds(std::size_t rows, const RoundOptions& options,
                                           const MeasureRound& measure,
                                           const OnRound& on_round = {});

// The median latency of each round.
std::vector<double> round_medians(std::span<const Round> rounds);
// Inferences per second of each round.
std::vector<double> round_rates(std::span<const Round> rounds);

}  // namespace lathe::measure
