// Spreading work on flat arrays over threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/parallel.h"

namespace lathe::kernels {

// Calls body(begin, end) on ranges that cover [0, count), as parallel_slots() does. They meet at
// multiples of 64, so that threads do not write to the same cache line where the output is aligned.
template <typename Body>
void parallel_lines(ThreadPool& pool, std::int64_t count, double nanoseconds, const Body& body) {
  constexpr std::int64_t kLine = 64;
  parallel_slots(pool, (count + kLine - 1) / kLine, nanoseconds,
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   body(begin * kLine, std::min(end * kLine, count));
                 });
}

}  // namespace lathe::kernels
