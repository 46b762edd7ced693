// What a pooling kernel works on. Plain, so that files compiled for one instruction set can include
// it.
#pragma once

#include <cstddef>

namespace lathe::kernels {

// One output pixel: out[c] is the largest, or `scale` times the sum, of the inputs
// in[y * row_stride + x * column_stride + c] with y < rows and x < columns, both at least 1. Sums
// are taken by rows first.
struct PoolingF32Args {
  const float* in;
  float* out;
  std::size_t rows;
  std::size_t columns;
  std::size_t row_stride;
  std::size_t column_stride;
  std::size_t channels;
  float scale;
};

#define LATHE_POOLING_F32_KERNEL(isa, max, average) \
  void max(const PoolingF32Args& args);             \
  void average(const PoolingF32Args& args);
#include "kernels/pooling_f32/kernels.inc"
#undef LATHE_POOLING_F32_KERNEL

}  // namespace lathe::kernels
