// The pooling kernels of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/pooling_f32/args.h"

namespace lathe::kernels {

struct PoolingF32Kernel {
  Isa isa;
  const char* max_name;
  const char* average_name;
  void (*max)(const PoolingF32Args&);
  void (*average)(const PoolingF32Args&);
};

inline constexpr PoolingF32Kernel kPoolingF32Kernels[] = {
#define LATHE_POOLING_F32_KERNEL(isa, suffix, max, average) \
  {Isa::isa, "max_pool_f32_" #suffix, "average_pool_f32_" #suffix, max, average},
#include "kernels/pooling_f32/kernels.inc"
#undef LATHE_POOLING_F32_KERNEL
};

}  // namespace lathe::kernels
