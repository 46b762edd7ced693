#include "train/fastest.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/statistics.h"

namespace lathe::train {
namespace {

// Of one way in one round: short enough to take turns often, long enough for the clock and for
// caches to forget the other way.
constexpr double kTurnSeconds = 0.04;
// A way that looks this many times as slow as the best at the first try is not tried again.
constexpr double kHopeless = 2;
constexpr std::size_t kFewestLongRounds = 2;

using Series = std::vector<double>;  // seconds of a unit, by round

double median(const Series& series) { return quantile(series, 0.5); }

// How many times as long `slow` takes as `fast` does.
struct Slowness {
  Interval interval;
  bool certain = false;  // a confidence interval, not just the range of a few rounds

  [[nodiscard]] bool equal() const { return interval.high <= kEquallyFast; }
  [[nodiscard]] bool slower() const { return interval.low > 1 && !equal(); }
};

Slowness compare(const Series& slow, const Series& fast) {
  Series ratios;
  for (std::size_t i = 0; i < std::min(slow.size(), fast.size()); ++i) {
    ratios.push_back(slow[i] / fast[i]);
  }
  if (const auto interval = median_interval(ratios)) return {*interval, true};
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return {{*low, *high}, false};
}

class Race {
 public:
  Race(std::size_t ways, const TimedWork& work, const std::function<bool()>& stop_requested)
      : work_(work), stop_requested_(stop_requested), series_(ways), racing_(ways) {
    std::iota(racing_.begin(), racing_.end(), 0);
  }

  Result<Fastest> run() {
    RETURN_IF_ERROR(try_each());
    while (racing_.size() > 1 && !settled() && !time_is_over()) {
      RETURN_IF_ERROR(run_round());
      give_up_the_slower();
    }
    Fastest result{.way = winner()};
    for (const Series& series : series_) result.seconds.push_back(median(series));
    return result;
  }

 private:
  Result<double> seconds_of_unit(std::size_t way) {
    if (stop_requested_ && stop_requested_()) {
      return error(ErrorCode::kInterrupted, "stopped while measuring");
    }
    ASSIGN_OR_RETURN(const double seconds, work_(way, units_));
    spent_ += seconds;
    return seconds / static_cast<double>(units_);
  }

  // Once each: how many units make a turn, and what is hopeless.
  Status try_each() {
    for (const std::size_t way : racing_) {
      ASSIGN_OR_RETURN(series_[way].emplace_back(), seconds_of_unit(way));
    }
    const double least = std::min_element(series_.begin(), series_.end())->front();
    std::erase_if(racing_, [&](std::size_t way) { return series_[way][0] > kHopeless * least; });
    long_work_ = least >= kLongSeconds;
    units_ = std::max(std::int64_t{1}, static_cast<std::int64_t>(std::ceil(kTurnSeconds / least)));
    if (long_work_ || racing_.size() == 1) return {};
    for (const std::size_t way : racing_) series_[way].clear();
    return {};
  }

  Status run_round() {
    for (const std::size_t way : racing_) {
      ASSIGN_OR_RETURN(series_[way].emplace_back(), seconds_of_unit(way));
    }
    std::reverse(racing_.begin(), racing_.end());
    return {};
  }

  [[nodiscard]] bool time_is_over() const {
    const std::size_t fewest = long_work_ ? kFewestLongRounds : kFewestRounds;
    return spent_ >= kMostSeconds && series_[racing_[0]].size() >= fewest;
  }

  [[nodiscard]] std::size_t leader() const {
    return *std::min_element(racing_.begin(), racing_.end(), [&](std::size_t a, std::size_t b) {
      return median(series_[a]) < median(series_[b]);
    });
  }

  [[nodiscard]] Slowness behind(std::size_t way, std::size_t first) const {
    return compare(series_[way], series_[first]);
  }

  void give_up_the_slower() {
    const std::size_t first = leader();
    std::erase_if(racing_, [&](std::size_t way) {
      const Slowness slowness = behind(way, first);
      return slowness.certain && slowness.slower();
    });
  }

  // Whether all that are left are as fast as the fastest of them.
  [[nodiscard]] bool settled() const {
    if (series_[racing_[0]].empty()) return false;
    const std::size_t first = leader();
    return std::all_of(racing_.begin(), racing_.end(), [&](std::size_t way) {
      const Slowness slowness = behind(way, first);
      return way == first || (slowness.certain && slowness.equal());
    });
  }

  [[nodiscard]] std::size_t winner() const {
    const std::size_t first = leader();
    std::size_t best = first;
    for (const std::size_t way : racing_) {
      if (way < best && !behind(way, first).slower()) best = way;
    }
    return best;
  }

  const TimedWork& work_;
  const std::function<bool()>& stop_requested_;
  std::vector<Series> series_;
  std::vector<std::size_t> racing_;  // in the order of the next round
  std::int64_t units_ = 1;           // in a turn
  double spent_ = 0;
  bool long_work_ = false;
};

}  // namespace

Result<Fastest> find_fastest(std::size_t ways, const TimedWork& work,
                             const std::function<bool()>& stop_requested) {
  LATHE_CHECK(ways > 0);
  return Race(ways, work, stop_requested).run();
}

}  // namespace lathe::train
