// What a pooling kernel works on. Plain, so that files compiled for one instruction set can include
// it.
#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/vector/targets.h"

namespace lathe::kernels {

// Output pixels of a line: out[i * out_step + c] is the largest, or `scale` times the sum, of the
// inputs in[i * pixel_step + y * row_stride + x * column_stride + c] with y < rows and x < columns,
// both at least 1. Sums are taken by rows first.
template <typename Stored>
struct PoolingF32Args {
  const Stored* in;
  Stored* out;
  std::size_t rows;
  std::size_t columns;
  std::size_t row_stride;
  std::size_t column_stride;
  std::size_t channels;
  std::size_t pixels;
  std::size_t pixel_step;
  std::size_t out_step;
  float scale;
};

#define LATHE_DECLARE(target)                                  \
  namespace target {                                           \
  void max_pool_f32(const PoolingF32Args<float>& args);        \
  void max_pool_f32(const PoolingF32Args<BFloat16>& args);     \
  void average_pool_f32(const PoolingF32Args<float>& args);    \
  void average_pool_f32(const PoolingF32Args<BFloat16>& args); \
  }
LATHE_DECLARE(scalar)
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
