// Which of a few ways to do the same work is the fastest, found by trying them in turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"

namespace lathe::train {

// Does `count` units of the work in way `way`, and tells the seconds that took.
using TimedWork = std::function<Result<double>(std::size_t way, std::int64_t count)>;

struct Fastest {
  std::size_t way = 0;
  std::vector<double> seconds = {};  // of a unit of the work, by way: the median of its rounds
};

// A little of each way in every round (A B C, C B A, ...), and of two ways the ratio of their times
// in the same rounds: what the machine does meanwhile meets both. A way is given up when the
// confidence interval of that ratio says that another one is faster; what is left when none can be
// told apart, or when time is over, is the answer. Between ways that are equally fast, by
// kEquallyFast or as far as was measured, it is the earlier one.
//
// Takes kMostSeconds of measured time, or what kFewestRounds need. Depends on nothing but what
// `work` answers. Errors of `work`, and kInterrupted when `stop_requested` says so.
Result<Fastest> find_fastest(std::size_t ways, const TimedWork& work,
                             const std::function<bool()>& stop_requested = {});

inline constexpr double kMostSeconds = 3;
inline constexpr std::size_t kFewestRounds = 3;
// Work of at least this length is measured well by doing it twice.
inline constexpr double kLongSeconds = 1;
// What a faster way has to gain to be worth being another one.
inline constexpr double kEquallyFast = 1.02;

}  // namespace lathe::train
