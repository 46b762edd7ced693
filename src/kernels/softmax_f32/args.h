// What a softmax kernel works on. Plain, so that files compiled for one instruction set can include
// it.
#pragma once

#include <cstddef>

#include "kernels/vector/targets.h"

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

void softmax_f32_scalar(const SoftmaxF32Args& args);
#define LATHE_DECLARE(target)                   \
  namespace target {                            \
  void softmax_f32(const SoftmaxF32Args& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
