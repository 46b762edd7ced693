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

// The natural logarithm, within 2 ulp; NaN below 0. With s = f / (2 + f) it is 2 * atanh(s) for 1 +
// f, where |s| < 0.172 and the terms of the series from s^11 on are below 3e-9 of the sum.
static inline __m512 log(__m512 x) {
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)).
  const __m512 one = _mm512_set1_ps(1.0F);
  const __m512 half = _mm512_getmant_ps(x, _MM_MANT_NORM_p5_1, _MM_MANT_SIGN_src);
  const __mmask16 below = _mm512_cmp_ps_mask(half, _mm512_set1_ps(0x1.6a09e6p-1F), _CMP_LT_OQ);
  const __m512 m = _mm512_mask_add_ps(half, below, half, half);
  const __m512 above = _mm512_add_ps(_mm512_getexp_ps(x), one);
  const __m512 exponent = _mm512_mask_sub_ps(above, below, above, one);
  const __m512 f = _mm512_sub_ps(m, one);
  const __m512 s = _mm512_div_ps(f, _mm512_add_ps(f, _mm512_set1_ps(2.0F)));
  const __m512 z = _mm512_mul_ps(s, s);
  __m512 p = _mm512_set1_ps(2.0F / 9);
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(2.0F / 7));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(2.0F / 5));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(2.0F / 3));
  // 2 s = f - s f, of which the first term is exact.
  const __m512 tail = _mm512_mul_ps(s, _mm512_fmsub_ps(p, z, f));
  const __m512 low = _mm512_fmadd_ps(exponent, _mm512_set1_ps(-0x1.05c610p-29F), tail);
  const __m512 value =
      _mm512_fmadd_ps(exponent, _mm512_set1_ps(0x1.62e430p-1F), _mm512_add_ps(f, low));
  const __m512 zero = _mm512_setzero_ps();
  const __m512 infinity = _mm512_set1_ps(__builtin_inff());
  __m512 result = _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, infinity, _CMP_NLT_UQ), value, x);
  result = _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, zero, _CMP_EQ_OQ), result,
                                _mm512_set1_ps(-__builtin_inff()));
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, zero, _CMP_LT_OQ), result,
                              _mm512_set1_ps(__builtin_nanf("")));
}

// Within 2 ulp: x plus x times a polynomial in x^2 up to 1; beyond, 1 - exp(g(|x|)) with a
// polynomial for log(erfc), up to 4, from where on it rounds to 1. Both polynomials are minimax
// fits, off by less than 1.3e-9 of the result.
static inline __m512 erf(__m512 x) {
  const __m512 sign = _mm512_and_ps(x, _mm512_set1_ps(-0.0F));
  const __m512 t = _mm512_andnot_ps(_mm512_set1_ps(-0.0F), x);
  const __m512 z = _mm512_mul_ps(x, x);
  __m512 p = _mm512_set1_ps(0x1.496a2cp-14F);
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(-0x1.a3f6fep-11F));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(0x1.5405b2p-8F));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(-0x1.b7f90cp-6F));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(0x1.ce2cf8p-4F));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(-0x1.81273ep-2F));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(0x1.06eba8p-3F));
  const __m512 near = _mm512_fmadd_ps(p, t, t);
  const __m512 bounded = _mm512_min_ps(t, _mm512_set1_ps(4.0F));
  p = _mm512_set1_ps(0x1.86dfacp-13F);
  p = _mm512_fmadd_ps(p, bounded, _mm512_set1_ps(-0x1.825c22p-9F));
  p = _mm512_fmadd_ps(p, bounded, _mm512_set1_ps(0x1.65cbfap-6F));
  p = _mm512_fmadd_ps(p, bounded, _mm512_set1_ps(-0x1.a65380p-4F));
  p = _mm512_fmadd_ps(p, bounded, _mm512_set1_ps(-0x1.46bae4p-1F));
  p = _mm512_fmadd_ps(p, bounded, _mm512_set1_ps(-0x1.2088ecp+0F));
  p = _mm512_fmadd_ps(p, bounded, _mm512_set1_ps(-0x1.6615f4p-12F));
  const __m512 far = _mm512_sub_ps(_mm512_set1_ps(1.0F), exp(p));
  const __m512 magnitude =
      _mm512_mask_blend_ps(_mm512_cmp_ps_mask(t, _mm512_set1_ps(1.0F), _CMP_GT_OQ), near, far);
  return _mm512_or_ps(magnitude, sign);
}

}  // namespace lathe::kernels::avx512
