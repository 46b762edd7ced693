// The functions of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/layer_norm_f32/args.h"

namespace lathe::kernels {

struct LayerNormF32Kernel {
  Isa isa;
  const char* name;
  void (*function)(const LayerNormF32Args&);
};

inline constexpr LayerNormF32Kernel kLayerNormF32Kernels[] = {
#define LATHE_LAYER_NORM_F32_KERNEL(isa, function) {Isa::isa, #function, function},
#include "kernels/layer_norm_f32/kernels.inc"
#undef LATHE_LAYER_NORM_F32_KERNEL
};

}  // namespace lathe::kernels
