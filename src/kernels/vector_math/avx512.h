// Elementary functions on 16 floats. For files compiled for AVX-512 alone: internal linkage keeps
// them there. Errors are against the exact value, in units in the last place of a normal result.
#pragma once

#include <immintrin.h>

namespace lathe::kernels::avx512 {

// Both round to r in [-ln2 / 2, ln2 / 2] with x = n * ln2 + r; there the terms of the Taylor series
// up to r^7 / 7! leave less than 0.1 ulp.
static inline __m512 reduce(__m512 x, __m512* n) {
  *n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504F)), 0x08);
  const __m512 r = _mm512_fnmadd_ps(*n, _mm512_set1_ps(0x1.62e430p-1F), x);
  return _mm512_fnmadd_ps(*n, _mm512_set1_ps(-0x1.05c610p-29F), r);
}

// (exp(r) - 1 - r) / r^2
static inline __m512 exp_tail(__m512 r) {
  __m512 p = _mm512_set1_ps(1.0F / 5040);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F / 720));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F / 120));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F / 24));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F / 6));
  return _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5F));
}

// Within 1 ulp; 0, infinity and NaN as they should be, results below the normal range too.
static inline __m512 exp(__m512 x) {
  x = _mm512_min_ps(_mm512_set1_ps(89.0F), _mm512_max_ps(_mm512_set1_ps(-104.0F), x));
  __m512 n;
  const __m512 r = reduce(x, &n);
  const __m512 one = _mm512_set1_ps(1.0F);
  const __m512 p = _mm512_fmadd_ps(_mm512_fmadd_ps(exp_tail(r), r, one), r, one);
  return _mm512_scalef_ps(p, n);
}

// 1 / (1 + exp(-x)), within 3 ulp.
static inline __m512 sigmoid(__m512 x) {
  const __m512 one = _mm512_set1_ps(1.0F);
  const __m512 e = exp(_mm512_or_ps(x, _mm512_set1_ps(-0.0F)));  // exp(-|x|) cannot overflow
  const __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(x));
  return _mm512_div_ps(_mm512_mask_blend_ps(negative, one, e), _mm512_add_ps(one, e));
}

// Within 2.5 ulp: m / (m + 2) with m = exp(2 |x|) - 1, in which nothing cancels.
static inline __m512 tanh(__m512 x) {
  const __m512 sign = _mm512_and_ps(x, _mm512_set1_ps(-0.0F));
  const __m512 magnitude = _mm512_andnot_ps(_mm512_set1_ps(-0.0F), x);
  // Beyond 10 the result rounds to 1.
  const __m512 y = _mm512_min_ps(_mm512_set1_ps(20.0F), _mm512_add_ps(magnitude, magnitude));
  __m512 n;
  const __m512 r = reduce(y, &n);
  const __m512 one = _mm512_set1_ps(1.0F);
  const __m512 scale = _mm512_scalef_ps(one, n);
  const __m512 p = _mm512_fmadd_ps(exp_tail(r), _mm512_mul_ps(r, r), r);
  const __m512 m = _mm512_fmadd_ps(scale, p, _mm512_sub_ps(scale, one));
  const __m512 result = _mm512_div_ps(m, _mm512_add_ps(m, _mm512_set1_ps(2.0F)));
  return _mm512_or_ps(result, sign);
}

}  // namespace lathe::kernels::avx512
