// The depthwise kernels of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {

struct DepthwiseF32Kernel {
  Isa isa;
  const char* name;
  void (*function)(const DepthwiseF32Args&);
};

inline constexpr DepthwiseF32Kernel kDepthwiseF32Kernels[] = {
#define LATHE_DEPTHWISE_F32_KERNEL(isa, function) {Isa::isa, #function, function},
#include "kernels/depthwise_f32/kernels.inc"
#undef LATHE_DEPTHWISE_F32_KERNEL
};

}  // namespace lathe::kernels
