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

struct Bf16Kernel {
  Isa isa;
  float (*function)(std::size_t, std::uint16_t);
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

constexpr Bf16Kernel kBf16Kernels[] = {
#define LATHE_PEAK_BF16(isa, function, operations) {Isa::isa, function, operations},
#include "kernels/peak/kernels.inc"
    {Isa::kScalar, nullptr, 0},
};

constexpr std::size_t kTurns = 20'000;  // some 50 to 200 microseconds

}  // namespace

double measure_fma_peak_gflops(Isa isa, double seconds, int threads) {
  const F32Kernel& kernel = pick(kF32Kernels, isa);
  return best_rate(threads, seconds, kernel.operations * static_cast<double>(kTurns), [&] {
    [[maybe_unused]] const volatile float sink = kernel.function(kTurns, 0.999F, 1);
  });
}

double measure_int8_peak_gops(Isa isa, double seconds, int threads) {
  const Int8Kernel& kernel = pick(kInt8Kernels, isa);
  return best_rate(threads, seconds, kernel.operations * static_cast<double>(kTurns), [&] {
    [[maybe_unused]] const volatile std::int32_t sink = kernel.function(kTurns, 1);
  });
}

double measure_bf16_peak_gflops(Isa isa, double seconds, int threads) {
  const Bf16Kernel& kernel = pick(kBf16Kernels, isa);
  if (isa.has(Isa::kAmx)) {
    const auto tiles = measure_amx_bf16_peak_gflops(seconds, threads);
    if (tiles.ok()) return *tiles;
  }
  if (kernel.function == nullptr) return measure_fma_peak_gflops(isa, seconds, threads);
  return best_rate(threads, seconds, kernel.operations * static_cast<double>(kTurns), [&] {
    [[maybe_unused]] const volatile float sink = kernel.function(kTurns, 0);
  });
}

}  // namespace lathe::kernels
