// The depthwise kernels of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {

struct DepthwiseF32Kernel {
  Isa isa;
  const char* name;
  void (*pixels)(const DepthwiseF32Args&);
  void (*block)(const DepthwiseF32BlockArgs&);  // null: none
};

inline constexpr DepthwiseF32Kernel kDepthwiseF32Kernels[] = {
#define LATHE_DEPTHWISE_F32_KERNEL(isa, name, pixels, block) {Isa::isa, #name, pixels, block},
#include "kernels/depthwise_f32/kernels.inc"
#undef LATHE_DEPTHWISE_F32_KERNEL
};

}  // namespace lathe::kernels
