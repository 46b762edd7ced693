// The pooling kernels as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/by_storage.h"
#include "kernels/pooling_f32/args.h"

namespace lathe::kernels {

struct PoolingF32Kernel {
  Isa isa;
  const char* max_name;
  const char* average_name;
  ByStorage<PoolingF32Args> max;
  ByStorage<PoolingF32Args> average;
};

// The best first.
inline constexpr PoolingF32Kernel kPoolingF32Kernels[] = {
#define LATHE_ROW(isa, suffix, target)           \
  {Isa::isa,                                     \
   "max_pool_f32_" #suffix,                      \
   "average_pool_f32_" #suffix,                  \
   {target::max_pool_f32, target::max_pool_f32}, \
   {target::average_pool_f32, target::average_pool_f32}},
#if defined(__x86_64__)
    LATHE_ROW(kAvx512, avx512, N_AVX3) LATHE_ROW(kAvx2, avx2, N_AVX2)
#elif defined(__aarch64__)
    LATHE_ROW(kNeon, neon, N_NEON)
#endif
        LATHE_ROW(kScalar, scalar, scalar)
#undef LATHE_ROW
};

}  // namespace lathe::kernels
