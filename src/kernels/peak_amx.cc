#include <array>

#include "base/cpu.h"
#include "base/cpu_features.h"
#include "kernels/best_rate.h"
#include "kernels/peak.h"
#include "kernels/peak/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kTurns = 2'000;  // some 50 microseconds

Status check_amx(std::string_view feature) {
  if (!has_cpu_feature("amx-tile") || !has_cpu_feature(feature)) {
    return error(ErrorCode::kUnavailable, "this machine has no {}", feature);
  }
  if (!isa_supported(Isa::kAmx)) {
    return error(ErrorCode::kUnavailable, "the operating system does not let {} be used", feature);
  }
  return {};
}

template <typename Sum>
double measure(int threads, double seconds, double operations, std::uint16_t factor,
               void (*loop)(std::size_t, const void*, Sum*)) {
  alignas(64) std::array<std::uint16_t, kAmxTileBytes / sizeof(std::uint16_t)> tile;
  tile.fill(factor);
  return best_rate(threads, seconds, operations * static_cast<double>(kTurns), [&] {
    alignas(64) std::array<Sum, kAmxTileSums> sums;
    loop(kTurns, tile.data(), sums.data());
    [[maybe_unused]] const volatile Sum sink = sums[0];
  });
}

}  // namespace

Result<double> measure_amx_int8_peak_gops(double seconds, int threads) {
  RETURN_IF_ERROR(check_amx("amx-int8"));
  return measure(threads, seconds, kAmxInt8Operations, 0x0101, amx_int8_loop);
}

Result<double> measure_amx_bf16_peak_gflops(double seconds, int threads) {
  constexpr std::uint16_t kOne = 0x3f80;
  RETURN_IF_ERROR(check_amx("amx-bf16"));
  return measure(threads, seconds, kAmxBf16Operations, kOne, amx_bf16_loop);
}

}  // namespace lathe::kernels
