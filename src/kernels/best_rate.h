// How often something can be done in a given time, at best.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/thread_pool.h"

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

// The same of so many threads together, which all call `stretch` at the same time.
template <typename Stretch>
double best_rate(int threads, double seconds, double work, const Stretch& stretch) {
  if (threads <= 1) return best_rate(seconds, work, stretch);
  constexpr std::int64_t kCalls = 16;  // so that waiting for each other takes little of the time
  ThreadPool pool(threads);
  return best_rate(seconds, work * static_cast<double>(pool.threads() * kCalls), [&] {
    pool.parallel_for(pool.threads(), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * kCalls; i < end * kCalls; ++i) stretch();
    });
  });
}

}  // namespace lathe::kernels
