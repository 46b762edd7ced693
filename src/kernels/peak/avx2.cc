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

// A product of 8-bit pairs, of 16-bit pairs, and the sum. The compiler is told that one factor
// changes before each use, lest it compute their product once.
std::int32_t int8_loop_avx2(std::size_t turns, std::int8_t factor) {
  constexpr int kSums = 12;
  __m256i a = _mm256_set1_epi8(3);
  const __m256i b = _mm256_set1_epi8(factor);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i x[kSums];
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) x[i] = _mm256_set1_epi32(i);
  for (; turns > 0; --turns) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) {
      __asm__("" : "+x"(a));
      const __m256i pairs = _mm256_maddubs_epi16(a, b);
      x[i] = _mm256_add_epi32(x[i], _mm256_madd_epi16(pairs, ones));
    }
  }
#pragma GCC unroll 12
  for (int i = 1; i < kSums; ++i) x[0] = _mm256_add_epi32(x[0], x[i]);
  return _mm256_extract_epi32(x[0], 0);
}

std::uint64_t read_loop_avx2(const void* data, std::size_t bytes) {
  constexpr int kSums = 8;
  __m256i x[kSums];
#pragma GCC unroll 8
  for (int k = 0; k < kSums; ++k) x[k] = _mm256_setzero_si256();
  const auto* vectors = static_cast<const __m256i*>(data);
  for (const __m256i* end = vectors + bytes / sizeof *vectors; vectors < end; vectors += kSums) {
#pragma GCC unroll 8
    for (int k = 0; k < kSums; ++k) x[k] = _mm256_add_epi64(x[k], _mm256_load_si256(vectors + k));
  }
#pragma GCC unroll 8
  for (int k = 1; k < kSums; ++k) x[0] = _mm256_add_epi64(x[0], x[k]);
  return static_cast<std::uint64_t>(_mm256_extract_epi64(x[0], 0));
}

}  // namespace lathe::kernels
