// When and how a kernel's work is spread over threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/cpu.h"
#include "base/thread_pool.h"

namespace lathe::kernels {

// Handing work to a worker that looks for it and waiting for the end costs below a microsecond, and
// as much again what the cores then fetch of each other's results: work expected to take less than
// this on one thread is done by the caller.
inline constexpr double kInlineNanoseconds = 5'000;

// A whole network that is expected to take less than this on one thread is not worth splitting: its
// layers are too small to make up for that.
inline constexpr double kSingleThreadNanoseconds = 100'000;

// Expected time on one thread of so many multiply-accumulates with operands in cache. The rates are
// about half of what a 3 GHz core reaches; only the decision to stay inline depends on them.
inline double expected_mac_nanoseconds(std::int64_t macs, Isa isa) {
  const double macs_per_nanosecond = isa.has(Isa::kAvx512) ? 48 : isa.has(Isa::kAvx2) ? 24 : 2;
  return static_cast<double>(macs) / macs_per_nanosecond;
}

// Expected time on one thread of reading and writing so many bytes in all.
inline double expected_stream_nanoseconds(std::int64_t bytes) {
  return static_cast<double>(bytes) / 8;
}

// Calls body(slot, begin, end) for contiguous ranges that cover [0, count), at most one for each
// thread of the pool; `slot` < pool.threads() differs between calls that may run at the same time,
// so that it can index scratch memory. Runs inline as slot 0 when the whole is expected to take
// less than kInlineNanoseconds. Results must not depend on where the ranges are cut.
template <typename Body>
void parallel_slots(ThreadPool& pool, std::int64_t count, double nanoseconds, const Body& body) {
  if (count <= 0) return;
  const std::int64_t slots = std::min<std::int64_t>(pool.threads(), count);
  if (slots == 1 || nanoseconds < kInlineNanoseconds) {
    body(std::int64_t{0}, std::int64_t{0}, count);
    return;
  }
  pool.parallel_for(slots, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t slot = first; slot < last; ++slot) {
      body(slot, count * slot / slots, count * (slot + 1) / slots);
    }
  });
}

}  // namespace lathe::kernels
