// The depthwise kernels as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/by_storage.h"
#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {

struct DepthwiseF32Kernel {
  Isa isa;
  const char* name;
  ByStorage<DepthwiseF32Args> pixels;
  ByStorage<DepthwiseF32BlockArgs> block;  // null: none
};

// The best first.
inline constexpr DepthwiseF32Kernel kDepthwiseF32Kernels[] = {
#define LATHE_ROW(isa, name, target)                             \
  {Isa::isa,                                                     \
   #name,                                                        \
   {target::depthwise_f32_pixels, target::depthwise_f32_pixels}, \
   {target::depthwise_f32_block, target::depthwise_f32_block}},
#if defined(__x86_64__)
    LATHE_ROW(kAvx512, depthwise_f32_avx512, N_AVX3) LATHE_ROW(kAvx2, depthwise_f32_avx2, N_AVX2)
#elif defined(__aarch64__)
    LATHE_ROW(kNeon, depthwise_f32_neon, N_NEON)
#endif
#undef LATHE_ROW
        {Isa::kScalar,
         "depthwise_f32_scalar",
         {scalar::depthwise_f32_pixels, scalar::depthwise_f32_pixels},
         {nullptr, nullptr}},
};

}  // namespace lathe::kernels
