#include <immintrin.h>

#include "kernels/peak/args.h"

namespace lathe::kernels {

float fma_loop_avx512(std::size_t turns, float factor, float addend) {
  constexpr int kSums = 16;
  const __m512 a = _mm512_set1_ps(factor);
  const __m512 b = _mm512_set1_ps(addend);
  __m512 x[kSums];
#pragma GCC unroll 16
  for (int i = 0; i < kSums; ++i) x[i] = _mm512_set1_ps(static_cast<float>(i));
  for (; turns > 0; --turns) {
#pragma GCC unroll 16
    for (int i = 0; i < kSums; ++i) x[i] = _mm512_fmadd_ps(x[i], a, b);
  }
#pragma GCC unroll 16
  for (int i = 1; i < kSums; ++i) x[0] = _mm512_add_ps(x[0], x[i]);
  return _mm512_reduce_add_ps(x[0]);
}

}  // namespace lathe::kernels
