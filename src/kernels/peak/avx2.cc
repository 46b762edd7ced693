#include <immintrin.h>

#include "kernels/peak/args.h"

namespace lathe::kernels {

float fma_loop_avx2(std::size_t turns, float factor, float addend) {
  constexpr int kSums = 12;
  const __m256 a = _mm256_set1_ps(factor);
  const __m256 b = _mm256_set1_ps(addend);
  __m256 x[kSums];
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) x[i] = _mm256_set1_ps(static_cast<float>(i));
  for (; turns > 0; --turns) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) x[i] = _mm256_fmadd_ps(x[i], a, b);
  }
#pragma GCC unroll 12
  for (int i = 1; i < kSums; ++i) x[0] = _mm256_add_ps(x[0], x[i]);
  return _mm256_cvtss_f32(x[0]);
}

}  // namespace lathe::kernels
