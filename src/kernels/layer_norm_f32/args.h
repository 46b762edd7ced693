// What a layer normalization is called with. Plain, so that files compiled for one instruction set
// can include it.
#pragma once

#include <cstddef>

namespace lathe::kernels {

struct LayerNormF32Args {
  const float* in;
  const float* scale;
  const float* bias;  // null where there is none
  float* out;
  std::size_t rows;
  std::size_t columns;
  float epsilon;
};

#define LATHE_LAYER_NORM_F32_KERNEL(isa, function) void function(const LayerNormF32Args& args);
#include "kernels/layer_norm_f32/kernels.inc"
#undef LATHE_LAYER_NORM_F32_KERNEL

}  // namespace lathe::kernels
