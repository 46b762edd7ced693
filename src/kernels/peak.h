// How fast this machine multiplies and adds at best: what kernels are measured against.
#pragma once

#include "base/cpu.h"

namespace lathe::kernels {

// GFLOP/s of one thread in float32 fused multiply-adds (two operations each) of the best
// instruction set up to `isa`, from a loop that touches registers only. Without vectors: a
// multiplication and an addition as the compiler makes them. Runs for about `seconds` in short
// stretches and takes the fastest, so that what else runs on the machine disturbs little. The
// machine must support `isa`.
double measure_fma_peak_gflops(Isa isa, double seconds);

}  // namespace lathe::kernels
