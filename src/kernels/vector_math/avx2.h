// Elementary functions on 8 floats. For files compiled for AVX2 alone: internal linkage keeps them
// there. Errors are against the exact value, in units in the last place of a normal result.
#pragma once

#include <immintrin.h>

namespace lathe::kernels::avx2 {

// Both round to r in [-ln2 / 2, ln2 / 2] with x = n * ln2 + r; there the terms of the Taylor series
// up to r^7 / 7! leave less than 0.1 ulp.
static inline __m256 reduce(__m256 x, __m256* n) {
  *n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504F)), 0x08);
  const __m256 r = _mm256_fnmadd_ps(*n, _mm256_set1_ps(0x1.62e430p-1F), x);
  return _mm256_fnmadd_ps(*n, _mm256_set1_ps(-0x1.05c610p-29F), r);
}

// (exp(r) - 1 - r) / r^2
static inline __m256 exp_tail(__m256 r) {
  __m256 p = _mm256_set1_ps(1.0F / 5040);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0F / 720));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0F / 120));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0F / 24));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0F / 6));
  return _mm256_fmadd_ps(p, r, _mm256_set1_ps(0.5F));
}

// 2^n for integers n in [-126, 127].
static inline __m256 power_of_two(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

// Within 1 ulp; 0, infinity and NaN as they should be, results below the normal range too.
static inline __m256 exp(__m256 x) {
  x = _mm256_min_ps(_mm256_set1_ps(89.0F), _mm256_max_ps(_mm256_set1_ps(-104.0F), x));
  __m256 n;
  const __m256 r = reduce(x, &n);
  const __m256 one = _mm256_set1_ps(1.0F);
  const __m256 p = _mm256_fmadd_ps(_mm256_fmadd_ps(exp_tail(r), r, one), r, one);
  // 2^n in two factors, since n may lie outside of a normal number's exponents.
  const __m256i whole = _mm256_cvtps_epi32(n);
  const __m256i half = _mm256_srai_epi32(whole, 1);
  const __m256 scaled = _mm256_mul_ps(p, power_of_two(half));
  return _mm256_mul_ps(scaled, power_of_two(_mm256_sub_epi32(whole, half)));
}

// 1 / (1 + exp(-x)), within 3 ulp.
static inline __m256 sigmoid(__m256 x) {
  const __m256 one = _mm256_set1_ps(1.0F);
  const __m256 e = exp(_mm256_or_ps(x, _mm256_set1_ps(-0.0F)));  // exp(-|x|) cannot overflow
  return _mm256_div_ps(_mm256_blendv_ps(one, e, x), _mm256_add_ps(one, e));
}

// Within 2.5 ulp: m / (m + 2) with m = exp(2 |x|) - 1, in which nothing cancels.
static inline __m256 tanh(__m256 x) {
  const __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0F));
  const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0F), x);
  // Beyond 10 the result rounds to 1.
  const __m256 y = _mm256_min_ps(_mm256_set1_ps(20.0F), _mm256_add_ps(magnitude, magnitude));
  __m256 n;
  const __m256 r = reduce(y, &n);
  const __m256 one = _mm256_set1_ps(1.0F);
  const __m256 scale = power_of_two(_mm256_cvtps_epi32(n));
  const __m256 p = _mm256_fmadd_ps(exp_tail(r), _mm256_mul_ps(r, r), r);
  const __m256 m = _mm256_fmadd_ps(scale, p, _mm256_sub_ps(scale, one));
  const __m256 result = _mm256_div_ps(m, _mm256_add_ps(m, _mm256_set1_ps(2.0F)));
  return _mm256_or_ps(result, sign);
}

// The first `count` lanes, all of them from 8 on, as a mask for maskload and maskstore.
static inline __m256i first_lanes(unsigned long count) {
  const int lanes = count < 8 ? static_cast<int>(count) : 8;
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace lathe::kernels::avx2
