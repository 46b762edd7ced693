// What convolution kernels expect of a machine, to tell which of those that take a problem is the
// fastest. Of one core of some 3 GHz, in nanoseconds; `lathe kernels` shows how far off they are.
#pragma once

#include <cstdint>

#include "base/caches.h"
#include "base/cpu.h"

namespace lathe::kernels {

// Multiply-adds of float32 in a nanosecond.
inline double expected_f32_rate(Isa isa) {
  return isa.has(Isa::kAvx512) ? 60 : isa.has(Isa::kAvx2) ? 30 : isa.has(Isa::kNeon) ? 20 : 2;
}

// Reading so many bytes of weights once: from the level 2 cache if they fit there, from the last
// level, or from memory if nothing of a network's weights can be expected to stay in between.
inline double expected_weights_nanoseconds(std::int64_t bytes) {
  constexpr std::int64_t kStays = std::int64_t{8} << 20;
  const double bytes_per_ns = bytes <= level2_cache_bytes() / 2 ? 80 : bytes <= kStays ? 40 : 20;
  return static_cast<double>(bytes) / bytes_per_ns;
}

}  // namespace lathe::kernels
