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

// As for AVX2.
std::int32_t int8_loop_avx512(std::size_t turns, std::int8_t factor) {
  constexpr int kSums = 16;
  __m512i a = _mm512_set1_epi8(3);
  const __m512i b = _mm512_set1_epi8(factor);
  const __m512i ones = _mm512_set1_epi16(1);
  __m512i x[kSums];
#pragma GCC unroll 16
  for (int i = 0; i < kSums; ++i) x[i] = _mm512_set1_epi32(i);
  for (; turns > 0; --turns) {
#pragma GCC unroll 16
    for (int i = 0; i < kSums; ++i) {
      __asm__("" : "+v"(a));
      const __m512i pairs = _mm512_maddubs_epi16(a, b);
      x[i] = _mm512_add_epi32(x[i], _mm512_madd_epi16(pairs, ones));
    }
  }
#pragma GCC unroll 16
  for (int i = 1; i < kSums; ++i) x[0] = _mm512_add_epi32(x[0], x[i]);
  return _mm512_cvtsi512_si32(x[0]);
}

std::uint64_t read_loop_avx512(const void* data, std::size_t bytes) {
  constexpr int kSums = 8;
  __m512i x[kSums];
#pragma GCC unroll 8
  for (int k = 0; k < kSums; ++k) x[k] = _mm512_setzero_si512();
  const auto* vectors = static_cast<const __m512i*>(data);
  for (const __m512i* end = vectors + bytes / sizeof *vectors; vectors < end; vectors += kSums) {
#pragma GCC unroll 8
    for (int k = 0; k < kSums; ++k) x[k] = _mm512_add_epi64(x[k], _mm512_load_si512(vectors + k));
  }
#pragma GCC unroll 8
  for (int k = 1; k < kSums; ++k) x[0] = _mm512_add_epi64(x[0], x[k]);
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm512_castsi512_si128(x[0])));
}

}  // namespace lathe::kernels
