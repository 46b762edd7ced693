#include "kernels/peak.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "kernels/peak/args.h"
#include "kernels/pick.h"

namespace lathe::kernels {
namespace {

struct PeakKernel {
  Isa isa;
  float (*function)(std::size_t, float, float);
  double flops;
};

constexpr PeakKernel kKernels[] = {
#define LATHE_PEAK_KERNEL(isa, function, flops) {Isa::isa, function, flops},
#include "kernels/peak/kernels.inc"
#undef LATHE_PEAK_KERNEL
};

}  // namespace

double measure_fma_peak_gflops(Isa isa, double seconds) {
  using Clock = std::chrono::steady_clock;
  const PeakKernel& kernel = pick(std::span<const PeakKernel>(kKernels), isa);
  constexpr std::size_t kTurns = 20'000;  // some 50 to 200 microseconds
  const Clock::time_point start = Clock::now();
  double best = 0;
  volatile float sink = 0;
  for (Clock::time_point now = start;
       std::chrono::duration<double>(now - start).count() < seconds;) {
    const Clock::time_point before = now;
    sink = kernel.function(kTurns, 0.999F, sink * 1e-9F + 1);
    now = Clock::now();
    const double nanoseconds = std::chrono::duration<double, std::nano>(now - before).count();
    best = std::max(best, kernel.flops * static_cast<double>(kTurns) / nanoseconds);
  }
  return best;
}

}  // namespace lathe::kernels
