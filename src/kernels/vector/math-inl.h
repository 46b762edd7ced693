// Elementary functions on vectors of float32, once for each target: see targets.h. Errors are
// against the exact value, in units in the last place of a normal result.
// clang-format off
#if defined(LATHE_KERNELS_VECTOR_MATH_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LATHE_KERNELS_VECTOR_MATH_INL
#undef LATHE_KERNELS_VECTOR_MATH_INL
#else
#define LATHE_KERNELS_VECTOR_MATH_INL
#endif
// clang-format on

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {

HWY_INLINE VF32 constant(float value) { return hn::Set(F32(), value); }

// c[0] * x^(count - 1) + ... + c[count - 1]
template <std::size_t kCount>
HWY_INLINE VF32 polynomial(VF32 x, const float (&c)[kCount]) {
  VF32 p = constant(c[0]);
#pragma GCC unroll 16
  for (std::size_t i = 1; i < kCount; ++i) p = hn::MulAdd(p, x, constant(c[i]));
  return p;
}

// x = n * ln2 + r with r in [-ln2 / 2, ln2 / 2].
HWY_INLINE VF32 reduce(VF32 x, VF32* n) {
  *n = hn::Round(hn::Mul(x, constant(1.44269504F)));
  const VF32 r = hn::NegMulAdd(*n, constant(0x1.62e430p-1F), x);
  return hn::NegMulAdd(*n, constant(-0x1.05c610p-29F), r);
}

// (exp(r) - 1 - r) / r^2: the terms of the Taylor series up to r^7 / 7! leave less than 0.1 ulp.
HWY_INLINE VF32 exp_tail(VF32 r) {
  return polynomial(r, {1.0F / 5040, 1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F});
}

// 2^n for integers n in [-126, 127].
HWY_INLINE VF32 power_of_two(VI32 n) {
  const I32 i;
  return hn::BitCast(F32(), hn::ShiftLeft<23>(hn::Add(n, hn::Set(i, 127))));
}

// x * 2^n for integers n in [-252, 254].
HWY_INLINE VF32 scale(VF32 x, VF32 n) {
#if HWY_TARGET == HWY_AVX3
  return VF32{_mm512_scalef_ps(x.raw, n.raw)};
#else
  // In two factors, since n may lie outside of a normal number's exponents.
  const VI32 whole = hn::ConvertTo(I32(), n);
  const VI32 half = hn::ShiftRight<1>(whole);
  return hn::Mul(hn::Mul(x, power_of_two(half)), power_of_two(hn::Sub(whole, half)));
#endif
}

// Within 1 ulp; 0, infinity and NaN as they should be, results below the normal range too.
HWY_INLINE VF32 exp(VF32 x) {
  x = smaller(constant(89.0F), larger(constant(-104.0F), x));
  VF32 n;
  const VF32 r = reduce(x, &n);
  const VF32 one = constant(1.0F);
  return scale(hn::MulAdd(hn::MulAdd(exp_tail(r), r, one), r, one), n);
}

// 1 / (1 + exp(-x)), within 3 ulp.
HWY_INLINE VF32 sigmoid(VF32 x) {
  const VF32 one = constant(1.0F);
  const VF32 e = exp(hn::Or(x, constant(-0.0F)));  // exp(-|x|) cannot overflow
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(F32())), e, one), hn::Add(one, e));
}

// Within 2.5 ulp: m / (m + 2) with m = exp(2 |x|) - 1, in which nothing cancels.
HWY_INLINE VF32 tanh(VF32 x) {
  const VF32 magnitude = hn::Abs(x);
  // Beyond 10 the result rounds to 1.
  const VF32 y = smaller(constant(20.0F), hn::Add(magnitude, magnitude));
  VF32 n;
  const VF32 r = reduce(y, &n);
  const VF32 one = constant(1.0F);
  const VF32 power = scale(one, n);
  const VF32 p = hn::MulAdd(exp_tail(r), hn::Mul(r, r), r);
  const VF32 m = hn::MulAdd(power, p, hn::Sub(power, one));
  return hn::CopySign(hn::Div(m, hn::Add(m, constant(2.0F))), x);
}

// The natural logarithm, within 2 ulp; NaN below 0. With s = f / (2 + f) it is 2 * atanh(s) for 1 +
// f, where |s| < 0.172 and the terms of the series from s^11 on are below 3e-9 of the sum.
HWY_INLINE VF32 log(VF32 x) {
  const I32 i;
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)); those below the normal range are scaled first.
  const auto tiny = hn::Lt(x, constant(0x1p-126F));
  const VF32 normal = hn::IfThenElse(tiny, hn::Mul(x, constant(0x1p23F)), x);
  const VI32 root = hn::Set(i, 0x3f3504f3);  // of 1/2
  const VI32 above = hn::Sub(hn::BitCast(i, normal), root);
  const VF32 exponent = hn::Sub(hn::ConvertTo(F32(), hn::ShiftRight<23>(above)),
                                hn::IfThenElseZero(tiny, constant(23.0F)));
  const VI32 mantissa = hn::Add(hn::And(above, hn::Set(i, 0x007fffff)), root);
  const VF32 f = hn::Sub(hn::BitCast(F32(), mantissa), constant(1.0F));
  const VF32 s = hn::Div(f, hn::Add(f, constant(2.0F)));
  const VF32 z = hn::Mul(s, s);
  const VF32 p = polynomial(z, {2.0F / 9, 2.0F / 7, 2.0F / 5, 2.0F / 3});
  // 2 s = f - s f, of which the first term is exact.
  const VF32 tail = hn::Mul(s, hn::MulSub(p, z, f));
  const VF32 low = hn::MulAdd(exponent, constant(-0x1.05c610p-29F), tail);
  const VF32 value = hn::MulAdd(exponent, constant(0x1.62e430p-1F), hn::Add(f, low));
  const VF32 zero = hn::Zero(F32());
  VF32 result = hn::IfThenElse(hn::Lt(x, constant(__builtin_inff())), value, x);
  result = hn::IfThenElse(hn::Eq(x, zero), constant(-__builtin_inff()), result);
  return hn::IfThenElse(hn::Lt(x, zero), constant(__builtin_nanf("")), result);
}

// Within 2 ulp: x plus x times a polynomial in x^2 up to 1; beyond, 1 - exp(g(|x|)) with a
// polynomial for log(erfc), up to 4, from where on it rounds to 1. Both polynomials are minimax
// fits, off by less than 1.3e-9 of the result.
HWY_INLINE VF32 erf(VF32 x) {
  const VF32 t = hn::Abs(x);
  const VF32 near = hn::MulAdd(
      polynomial(hn::Mul(x, x), {0x1.496a2cp-14F, -0x1.a3f6fep-11F, 0x1.5405b2p-8F, -0x1.b7f90cp-6F,
                                 0x1.ce2cf8p-4F, -0x1.81273ep-2F, 0x1.06eba8p-3F}),
      t, t);
  const VF32 g = polynomial(smaller(constant(4.0F), t),
                            {0x1.86dfacp-13F, -0x1.825c22p-9F, 0x1.65cbfap-6F, -0x1.a65380p-4F,
                             -0x1.46bae4p-1F, -0x1.2088ecp+0F, -0x1.6615f4p-12F});
  const VF32 far = hn::Sub(constant(1.0F), exp(g));
  return hn::CopySign(hn::IfThenElse(hn::Gt(t, constant(1.0F)), far, near), x);
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
