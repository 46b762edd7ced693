// What convolution kernels expect of a machine, to tell which of those that take a problem is the
// fastest. Of one core of some 3 GHz, in nanoseconds; `lathe kernels` shows how far off they are.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/caches.h"
#include "base/cpu.h"
#include "base/cpu_features.h"

namespace lathe::kernels {

// Multiply-adds of float32 in a nanosecond.
inline double expected_f32_rate(Isa isa) {
  if (isa.has(Isa::kAvx512)) return 60;
  if (isa.has(Isa::kAvx2)) return halves_512_bit_vectors() ? 58 : 30;
  return isa.has(Isa::kNeon) ? 20 : 2;
}

// Of bfloat16, which most machines make float32 first.
inline double expected_bf16_rate(Isa isa) {
  return isa.has(Isa::kAmx) ? 1000 : isa.has(Isa::kAvx512Bf16) ? 110 : expected_f32_rate(isa) / 2;
}

// Of 8-bit integers.
inline double expected_int8_rate(Isa isa) {
  return isa.has(Isa::kAmx)          ? 2000
         : isa.has(Isa::kAvx512Vnni) ? 240
         : isa.has(Isa::kAvx512)     ? 90
         : isa.has(Isa::kAvxVnni)    ? 120
         : isa.has(Isa::kAvx2)       ? 70
         : isa.has(Isa::kNeonDot)    ? 80
         : isa.has(Isa::kNeon)       ? 30
                                     : 2;
}

// Reading weights so many times: first from where a network leaves them, which is memory where they
// are large, then from the nearest cache that holds them.
inline double expected_weights_nanoseconds(std::int64_t bytes, std::int64_t times) {
  constexpr std::int64_t kStays = std::int64_t{8} << 20;
  constexpr double kLevel2 = 80;  // bytes in a nanosecond
  constexpr double kLevel3 = 40;
  constexpr double kMemory = 20;
  const bool fits_level2 = bytes <= level2_cache_bytes() / 2;
  const bool fits_level3 = bytes <= std::max(kStays, last_level_cache_bytes() / 2);
  const double first = fits_level2 ? kLevel2 : bytes <= kStays ? kLevel3 : kMemory;
  const double later = fits_level2 ? kLevel2 : fits_level3 ? kLevel3 : kMemory;
  return static_cast<double>(bytes) * (1 / first + static_cast<double>(times - 1) / later);
}

}  // namespace lathe::kernels
