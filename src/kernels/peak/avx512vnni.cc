#include <immintrin.h>

#include "kernels/peak/args.h"

namespace lathe::kernels {

std::int32_t int8_loop_avx512vnni(std::size_t turns, std::int8_t factor) {
  constexpr int kSums = 16;
  const __m512i a = _mm512_set1_epi8(3);
  const __m512i b = _mm512_set1_epi8(factor);
  __m512i x[kSums];
#pragma GCC unroll 16
  for (int i = 0; i < kSums; ++i) x[i] = _mm512_set1_epi32(i);
  for (; turns > 0; --turns) {
#pragma GCC unroll 16
    for (int i = 0; i < kSums; ++i) x[i] = _mm512_dpbusd_epi32(x[i], a, b);
  }
#pragma GCC unroll 16
  for (int i = 1; i < kSums; ++i) x[0] = _mm512_add_epi32(x[0], x[i]);
  return _mm512_cvtsi512_si32(x[0]);
}

}  // namespace lathe::kernels
