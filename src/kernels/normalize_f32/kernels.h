// The functions of args.h as tables.
#pragma once

#include "base/cpu.h"
#include "kernels/normalize_f32/args.h"

namespace lathe::kernels {

struct LayerNormF32Kernel {
  Isa isa;
  const char* name;
  void (*function)(const LayerNormF32Args&);
};

struct GroupNormF32Kernel {
  Isa isa;
  const char* name;
  void (*rows)(const GroupNormF32Args&);    // images whose channels are rows of pixels
  void (*pixels)(const GroupNormF32Args&);  // channels-last images
};

// The best first.
#if defined(__x86_64__)
#define LATHE_ROWS(family)                   \
  LATHE_ROW(kAvx512, family, avx512, N_AVX3) \
  LATHE_ROW(kAvx2, family, avx2, N_AVX2)     \
  LATHE_ROW(kScalar, family, scalar, scalar)
#elif defined(__aarch64__)
#define LATHE_ROWS(family)               \
  LATHE_ROW(kNeon, family, neon, N_NEON) \
  LATHE_ROW(kScalar, family, scalar, scalar)
#else
#define LATHE_ROWS(family) LATHE_ROW(kScalar, family, scalar, scalar)
#endif

#define LATHE_ROW(isa, family, suffix, target) {Isa::isa, #family "_" #suffix, target::family},
inline constexpr LayerNormF32Kernel kLayerNormF32Kernels[] = {LATHE_ROWS(layer_norm_f32)};
#undef LATHE_ROW

#define LATHE_ROW(isa, family, suffix, target) \
  {Isa::isa, #family "_" #suffix, target::group_norm_rows_f32, target::group_norm_pixels_f32},
inline constexpr GroupNormF32Kernel kGroupNormF32Kernels[] = {LATHE_ROWS(group_norm_f32)};
#undef LATHE_ROW
#undef LATHE_ROWS

}  // namespace lathe::kernels
