// The elementwise kernels as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/by_storage.h"
#include "kernels/elementwise_f32/args.h"

namespace lathe::kernels {

struct ElementwiseF32Kernel {
  Isa isa;
  const char* binary_name;
  const char* unary_name;
  ByStorage<BinaryF32Args> binary;
  ByStorage<UnaryF32Args> unary;
};

// The best first.
inline constexpr ElementwiseF32Kernel kElementwiseF32Kernels[] = {
#define LATHE_ROW(isa, suffix, target)       \
  {Isa::isa,                                 \
   "binary_f32_" #suffix,                    \
   "unary_f32_" #suffix,                     \
   {target::binary_f32, target::binary_f32}, \
   {target::unary_f32, target::unary_f32}},
#if defined(__x86_64__)
    LATHE_ROW(kAvx512, avx512, N_AVX3) LATHE_ROW(kAvx2, avx2, N_AVX2)
#elif defined(__aarch64__)
    LATHE_ROW(kNeon, neon, N_NEON)
#endif
        LATHE_ROW(kScalar, scalar, scalar)
#undef LATHE_ROW
};

}  // namespace lathe::kernels
