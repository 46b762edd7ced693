// How long kernels take on this machine, measured on random operands.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

struct KernelTime {
  KernelId kernel = 0;
  double nanoseconds = 0;  // of the fastest run
};

// Runs each of `kernels`, which take the problem and run on this machine, on so many threads, in
// turns, for about so many seconds in all and at least three times. Where what a problem reads and
// writes does not fit into half of the level 2 cache, the caches hold what they do in a network:
// other layers' weights, then as much as can be of what has just been written for this one. In the
// order of `kernels`. The error is memory that cannot be had.
Result<std::vector<KernelTime>> time_kernels(const Problem& problem,
                                             std::span<const KernelId> kernels, int threads,
                                             double seconds);

}  // namespace lathe::kernels
