// The loops of args.h as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/interpolate_f32/args.h"

namespace lathe::kernels {

struct InterpolateF32Kernel {
  Isa isa;
  const char* name;
  void (*pixels)(const InterpolatePixelsArgs&);
  void (*elements)(const InterpolateElementsArgs&);
};

// The best first.
inline constexpr InterpolateF32Kernel kInterpolateF32Kernels[] = {
#define LATHE_ROW(isa, name, target) \
  {Isa::isa, #name, target::interpolate_pixels, target::interpolate_elements},
#if defined(__x86_64__)
    LATHE_ROW(kAvx512, interpolate_f32_avx512, N_AVX3)
        LATHE_ROW(kAvx2, interpolate_f32_avx2, N_AVX2)
#elif defined(__aarch64__)
    LATHE_ROW(kNeon, interpolate_f32_neon, N_NEON)
#endif
            LATHE_ROW(kScalar, interpolate_f32_scalar, scalar)
#undef LATHE_ROW
};

}  // namespace lathe::kernels
