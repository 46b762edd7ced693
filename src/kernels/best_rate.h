// How often something can be done in a given time, at best.
#pragma once

#include <algorithm>
#include <chrono>

namespace lathe::kernels {

// Calls `stretch`, which does `work` units, for about `seconds` and at least once. Returns the
// units per nanosecond of the fastest call.
template <typename Stretch>
double best_rate(double seconds, double work, const Stretch& stretch) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  Clock::time_point now = start;
  double best = 0;
  do {
    const Clock::time_point before = now;
    stretch();
    now = Clock::now();
    const double nanoseconds = std::chrono::duration<double, std::nano>(now - before).count();
    best = std::max(best, work / nanoseconds);
  } while (std::chrono::duration<double>(now - start).count() < seconds);
  return best;
}

}  // namespace lathe::kernels
