// The softmax kernels of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/softmax_f32/args.h"

namespace lathe::kernels {

struct SoftmaxF32Kernel {
  Isa isa;
  const char* name;
  void (*function)(const SoftmaxF32Args&);
};

inline constexpr SoftmaxF32Kernel kSoftmaxF32Kernels[] = {
#define LATHE_SOFTMAX_F32_KERNEL(isa, name, function) {Isa::isa, #name, function},
#include "kernels/softmax_f32/kernels.inc"
#undef LATHE_SOFTMAX_F32_KERNEL
};

}  // namespace lathe::kernels
