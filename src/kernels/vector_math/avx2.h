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

// The natural logarithm, within 2 ulp; NaN below 0. With s = f / (2 + f) it is 2 * atanh(s) for 1 +
// f, where |s| < 0.172 and the terms of the series from s^11 on are below 3e-9 of the sum.
static inline __m256 log(__m256 x) {
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)); those below the normal range are scaled first.
  const __m256 tiny = _mm256_cmp_ps(x, _mm256_set1_ps(0x1p-126F), _CMP_LT_OQ);
  const __m256 normal = _mm256_blendv_ps(x, _mm256_mul_ps(x, _mm256_set1_ps(0x1p23F)), tiny);
  const __m256i bits = _mm256_castps_si256(normal);
  // What the exponent of a number from sqrt(1/2) on is 0 after.
  const __m256i above = _mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f3504f3));
  const __m256 exponent = _mm256_sub_ps(_mm256_cvtepi32_ps(_mm256_srai_epi32(above, 23)),
                                        _mm256_and_ps(tiny, _mm256_set1_ps(23.0F)));
  const __m256i mantissa = _mm256_add_epi32(_mm256_and_si256(above, _mm256_set1_epi32(0x007fffff)),
                                            _mm256_set1_epi32(0x3f3504f3));
  const __m256 f = _mm256_sub_ps(_mm256_castsi256_ps(mantissa), _mm256_set1_ps(1.0F));
  const __m256 s = _mm256_div_ps(f, _mm256_add_ps(f, _mm256_set1_ps(2.0F)));
  const __m256 z = _mm256_mul_ps(s, s);
  __m256 p = _mm256_set1_ps(2.0F / 9);
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(2.0F / 7));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(2.0F / 5));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(2.0F / 3));
  // 2 s = f - s f, of which the first term is exact.
  const __m256 tail = _mm256_mul_ps(s, _mm256_fmsub_ps(p, z, f));
  const __m256 low = _mm256_fmadd_ps(exponent, _mm256_set1_ps(-0x1.05c610p-29F), tail);
  const __m256 value =
      _mm256_fmadd_ps(exponent, _mm256_set1_ps(0x1.62e430p-1F), _mm256_add_ps(f, low));
  const __m256 zero = _mm256_setzero_ps();
  const __m256 infinity = _mm256_set1_ps(__builtin_inff());
  __m256 result = _mm256_blendv_ps(value, x, _mm256_cmp_ps(x, infinity, _CMP_NLT_UQ));
  result = _mm256_blendv_ps(result, _mm256_set1_ps(-__builtin_inff()),
                            _mm256_cmp_ps(x, zero, _CMP_EQ_OQ));
  return _mm256_blendv_ps(result, _mm256_set1_ps(__builtin_nanf("")),
                          _mm256_cmp_ps(x, zero, _CMP_LT_OQ));
}

// Within 2 ulp: x plus x times a polynomial in x^2 up to 1; beyond, 1 - exp(g(|x|)) with a
// polynomial for log(erfc), up to 4, from where on it rounds to 1. Both polynomials are minimax
// fits, off by less than 1.3e-9 of the result.
static inline __m256 erf(__m256 x) {
  const __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0F));
  const __m256 t = _mm256_andnot_ps(_mm256_set1_ps(-0.0F), x);
  const __m256 z = _mm256_mul_ps(x, x);
  __m256 p = _mm256_set1_ps(0x1.496a2cp-14F);
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(-0x1.a3f6fep-11F));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(0x1.5405b2p-8F));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(-0x1.b7f90cp-6F));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(0x1.ce2cf8p-4F));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(-0x1.81273ep-2F));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(0x1.06eba8p-3F));
  const __m256 near = _mm256_fmadd_ps(p, t, t);
  const __m256 bounded = _mm256_min_ps(t, _mm256_set1_ps(4.0F));
  p = _mm256_set1_ps(0x1.86dfacp-13F);
  p = _mm256_fmadd_ps(p, bounded, _mm256_set1_ps(-0x1.825c22p-9F));
  p = _mm256_fmadd_ps(p, bounded, _mm256_set1_ps(0x1.65cbfap-6F));
  p = _mm256_fmadd_ps(p, bounded, _mm256_set1_ps(-0x1.a65380p-4F));
  p = _mm256_fmadd_ps(p, bounded, _mm256_set1_ps(-0x1.46bae4p-1F));
  p = _mm256_fmadd_ps(p, bounded, _mm256_set1_ps(-0x1.2088ecp+0F));
  p = _mm256_fmadd_ps(p, bounded, _mm256_set1_ps(-0x1.6615f4p-12F));
  const __m256 far = _mm256_sub_ps(_mm256_set1_ps(1.0F), exp(p));
  const __m256 magnitude =
      _mm256_blendv_ps(near, far, _mm256_cmp_ps(t, _mm256_set1_ps(1.0F), _CMP_GT_OQ));
  return _mm256_or_ps(magnitude, sign);
}

// The first `count` lanes, all of them from 8 on, as a mask for maskload and maskstore.
static inline __m256i first_lanes(unsigned long count) {
  const int lanes = count < 8 ? static_cast<int>(count) : 8;
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace lathe::kernels::avx2
