// How fast this machine reads memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "base/result.h"

namespace lathe::kernels {

struct ReadBandwidth {
  struct Rate {
    int threads = 1;
    double gb_per_s = 0;  // 10^9 bytes
  };
  std::int64_t buffer_bytes = 0;  // that were read; caches larger than that show as memory
  std::vector<Rate> rates;        // one for each number of threads asked for
};

// Reads a buffer of about `buffer_bytes` from end to end, again and again for about `seconds`,
// split evenly among as many threads as each element of `threads` says, and takes the fastest pass.
// Uses the best instruction set up to `isa`, which the machine must support. To get the buffer's
// pages from the system, with the first number of threads, takes time as well: after `fill_seconds`
// the buffer stays as large as it is. The error is that of memory that cannot be had.
Result<ReadBandwidth> measure_read_bandwidth(Isa isa, std::int64_t buffer_bytes,
                                             std::span<const int> threads, double fill_seconds,
                                             double seconds);

// 10^9 bytes per second that so many threads read together, each of a buffer of its own of about
// `bytes_each`, again and again: out of the cache that holds it.
Result<double> measure_cache_bandwidth(Isa isa, std::int64_t bytes_each, int threads,
                                       double seconds);

}  // namespace lathe::kernels
