#include "kernels/peak.h"

#include "kernels/best_rate.h"
#include "kernels/peak/args.h"
#include "kernels/pick.h"

namespace lathe::kernels {
namespace {

struct F32Kernel {
  Isa isa;
  float (*function)(std::size_t, float, float);
  double operations;
};

struct Int8Kernel {
  Isa isa;
  std::int32_t (*function)(std::size_t, std::int8_t);
  double operations;
};

constexpr F32Kernel kF32Kernels[] = {
#define LATHE_PEAK_F32(isa, function, operations) {Isa::isa, function, operations},
#include "kernels/peak/kernels.inc"
};

constexpr Int8Kernel kInt8Kernels[] = {
#define LATHE_PEAK_INT8(isa, function, operations) {Isa::isa, function, operations},
#include "kernels/peak/kernels.inc"
};

constexpr std::size_t kTurns = 20'000;  // some 50 to 200 microseconds

}  // namespace

double measure_fma_peak_gflops(Isa isa, double seconds) {
  const F32Kernel& kernel = pick(kF32Kernels, isa);
  volatile float sink = 0;
  return best_rate(seconds, kernel.operations * static_cast<double>(kTurns),
                   [&] { sink = kernel.function(kTurns, 0.999F, sink * 1e-9F + 1); });
}

double measure_int8_peak_gops(Isa isa, double seconds) {
  const Int8Kernel& kernel = pick(kInt8Kernels, isa);
  volatile std::int32_t sink = 0;
  return best_rate(seconds, kernel.operations * static_cast<double>(kTurns), [&] {
    sink = kernel.function(kTurns, static_cast<std::int8_t>((sink & 1) + 1));
  });
}

}  // namespace lathe::kernels
