// What a softmax kernel works on. Plain, so that files compiled for one instruction set can include
// it.
#pragma once

#include <cstddef>

namespace lathe::kernels {

// out[i][j] = exp(in[i][j] - m) / s, or its logarithm in[i][j] - m - log(s), with m the largest of
// row i and s the sum of exp(in[i][j] - m) over it.
struct SoftmaxF32Args {
  const float* in;
  float* out;  // may be `in`
  std::size_t rows;
  std::size_t columns;
  float (*log)(float);  // null for the softmax itself, the natural logarithm for its logarithm
};

#define LATHE_SOFTMAX_F32_KERNEL(isa, function) void function(const SoftmaxF32Args& args);
#include "kernels/softmax_f32/kernels.inc"
#undef LATHE_SOFTMAX_F32_KERNEL

}  // namespace lathe::kernels
