// How fast this machine reads memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "base/result.h"

namespace lathe::kernels {

struct ReadBandwidth {
  int threads = 1;
  double gb_per_s = 0;  // 10^9 bytes
};

// Reads a buffer of about `buffer_bytes` from end to end, again and again for about `seconds`,
// split evenly among as many threads as each element of `threads` says, and takes the fastest pass.
// To read memory and not caches, the buffer has to be larger than these. Uses the best instruction
// set up to `isa`, which the machine must support. The error is that of memory that cannot be had.
Result<std::vector<ReadBandwidth>> measure_read_bandwidth(Isa isa, std::int64_t buffer_bytes,
                                                          std::span<const int> threads,
                                                          double seconds);

}  // namespace lathe::kernels
