#include "measure/rounds.h"

#include <algorithm>

#include "base/statistics.h"

namespace lathe::measure {
namespace {

struct Row {
  RoundSeries series;
  std::vector<double> medians;
  double spent_seconds = 0;

  [[nodiscard]] bool must_go_on(const RoundOptions& options) const {
    return !series.failed && medians.size() < options.min_rounds;
  }
  [[nodiscard]] bool may_go_on(const RoundOptions& options) const {
    return !series.failed &&
           (medians.size() < options.min_rounds || spent_seconds < options.seconds);
  }
  [[nodiscard]] bool wants_more(const RoundOptions& options) const {
    return must_go_on(options) || (may_go_on(options) && !series.stable);
  }
};

double share_of_time(const std::vector<Row>& rows, const RoundOptions& options) {
  double share = 0;
  for (const Row& row : rows) {
    const double used = row.may_go_on(options) ? row.spent_seconds / options.seconds : 1.0;
    share += std::min(1.0, used) / static_cast<double>(rows.size());
  }
  return share;
}

}  // namespace

double round_seconds(const RoundOptions& options) {
  return std::min(options.seconds * options.round_share, options.max_round_seconds);
}

std::vector<RoundSeries> measure_in_rounds(std::size_t rows, const RoundOptions& options,
                                           const MeasureRound& measure, const OnRound& on_round) {
  std::vector<Row> all(rows);
  const auto wants_more = [&](const Row& row) { return row.wants_more(options); };
  bool stopped = false;
  for (std::size_t round = 0; !stopped && std::any_of(all.begin(), all.end(), wants_more);
       ++round) {
    for (std::size_t i = 0; i < rows && !stopped; ++i) {
      Row& row = all[i];
      if (!row.may_go_on(options)) continue;
      stopped = options.stop_requested && options.stop_requested();
      if (stopped) break;
      if (on_round) on_round(round, i, share_of_time(all, options));
      Result<Round> result = measure(i, round_seconds(options));
      if (!result.ok()) {
        stopped = result.error().code() == ErrorCode::kInterrupted;
        if (!stopped) row.series.failed = result.error();
        continue;
      }
      row.spent_seconds += result->wall_ms / 1000;
      row.medians.push_back(quantile(result->latencies_ms, 0.5));
      row.series.rounds.push_back(*std::move(result));
      row.series.stable = row.medians.size() >= options.min_rounds &&
                          median_is_stable(row.medians, options.tolerance);
    }
  }
  std::vector<RoundSeries> series;
  series.reserve(rows);
  for (Row& row : all) {
    row.series.finished = !row.series.failed && !row.wants_more(options);
    series.push_back(std::move(row.series));
  }
  return series;
}

std::vector<double> round_medians(std::span<const Round> rounds) {
  std::vector<double> medians;
  medians.reserve(rounds.size());
  for (const Round& round : rounds) medians.push_back(quantile(round.latencies_ms, 0.5));
  return medians;
}

std::vector<double> round_rates(std::span<const Round> rounds) {
  std::vector<double> rates;
  rates.reserve(rounds.size());
  for (const Round& round : rounds)
    rates.push_back(static_cast<double>(round.latencies_ms.size()) / round.wall_ms * 1000);
  return rates;
}

}  // namespace lathe::measure
