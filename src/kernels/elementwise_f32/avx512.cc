#include "kernels/vector_math/avx512.h"

#include <immintrin.h>

#include "kernels/elementwise_f32/dispatch.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 16;

__mmask16 first_lanes(std::size_t count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xffffU : (1U << count) - 1U);
}

// Lets NaN through.
__m512 clamp(__m512 value, __m512 low, __m512 high) {
  return _mm512_min_ps(high, _mm512_max_ps(low, value));
}

template <BinaryOpF32 kOp>
__m512 apply(__m512 a, __m512 b) {
  if constexpr (kOp == BinaryOpF32::kAdd) return _mm512_add_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kSub) return _mm512_sub_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kReverseSub) return _mm512_sub_ps(b, a);
  if constexpr (kOp == BinaryOpF32::kMul) return _mm512_mul_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kDiv) return _mm512_div_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kReverseDiv) return _mm512_div_ps(b, a);
  if constexpr (kOp == BinaryOpF32::kMax) return _mm512_max_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kMin) return _mm512_min_ps(a, b);
}

template <BinaryOpF32 kOp>
void binary(const BinaryF32Args& args) {
  const __m512 low = _mm512_set1_ps(args.min);
  const __m512 high = _mm512_set1_ps(args.max);
  const bool scalar = args.operand == OperandF32::kScalar;
  const __m512 constant = scalar ? _mm512_set1_ps(*args.b) : _mm512_setzero_ps();
  for (std::size_t i = 0; i < args.rows; ++i) {
    const float* a = args.a + i * args.columns;
    const float* b = args.operand == OperandF32::kSame ? args.b + i * args.columns : args.b;
    float* out = args.out + i * args.columns;
    for (std::size_t j = 0; j < args.columns; j += kLanes) {
      const __mmask16 mask = first_lanes(args.columns - j);
      const __m512 right = scalar ? constant : _mm512_maskz_loadu_ps(mask, b + j);
      const __m512 value = apply<kOp>(_mm512_maskz_loadu_ps(mask, a + j), right);
      _mm512_mask_storeu_ps(out + j, mask, clamp(value, low, high));
    }
  }
}

template <UnaryOpF32 kOp>
__m512 apply(__m512 x, __m512 alpha, __m512 beta) {
  const __m512 zero = _mm512_setzero_ps();
  if constexpr (kOp == UnaryOpF32::kLeakyRelu) {
    const __mmask16 below = _mm512_cmp_ps_mask(x, zero, _CMP_NGE_UQ);
    return _mm512_mask_mul_ps(x, below, x, alpha);
  }
  if constexpr (kOp == UnaryOpF32::kSigmoid) return avx512::sigmoid(x);
  if constexpr (kOp == UnaryOpF32::kTanh) return avx512::tanh(x);
  if constexpr (kOp == UnaryOpF32::kExp) return avx512::exp(x);
  if constexpr (kOp == UnaryOpF32::kSilu) return _mm512_mul_ps(x, avx512::sigmoid(x));
  if constexpr (kOp == UnaryOpF32::kAbs) return _mm512_andnot_ps(_mm512_set1_ps(-0.0F), x);
  if constexpr (kOp == UnaryOpF32::kNeg) return _mm512_xor_ps(_mm512_set1_ps(-0.0F), x);
  if constexpr (kOp == UnaryOpF32::kSqrt) return _mm512_sqrt_ps(x);
  if constexpr (kOp == UnaryOpF32::kReciprocal) return _mm512_div_ps(_mm512_set1_ps(1.0F), x);
  if constexpr (kOp == UnaryOpF32::kFloor) return _mm512_roundscale_ps(x, 0x09);
  if constexpr (kOp == UnaryOpF32::kCeil) return _mm512_roundscale_ps(x, 0x0a);
  if constexpr (kOp == UnaryOpF32::kRound) return _mm512_roundscale_ps(x, 0x08);
  if constexpr (kOp == UnaryOpF32::kLog) return avx512::log(x);
  if constexpr (kOp == UnaryOpF32::kErf) return avx512::erf(x);
  if constexpr (kOp == UnaryOpF32::kHardSigmoid || kOp == UnaryOpF32::kHardSwish) {
    const __m512 gate =
        clamp(_mm512_add_ps(_mm512_mul_ps(alpha, x), beta), zero, _mm512_set1_ps(1.0F));
    return kOp == UnaryOpF32::kHardSwish ? _mm512_mul_ps(x, gate) : gate;
  }
  return x;
}

template <UnaryOpF32 kOp>
void unary(const UnaryF32Args& args) {
  const __m512 low = _mm512_set1_ps(args.min);
  const __m512 high = _mm512_set1_ps(args.max);
  const __m512 alpha = _mm512_set1_ps(args.alpha);
  const __m512 beta = _mm512_set1_ps(args.beta);
  for (std::size_t i = 0; i < args.count; i += kLanes) {
    const __mmask16 mask = first_lanes(args.count - i);
    const __m512 value = apply<kOp>(_mm512_maskz_loadu_ps(mask, args.in + i), alpha, beta);
    _mm512_mask_storeu_ps(args.out + i, mask, clamp(value, low, high));
  }
}

}  // namespace

void binary_f32_avx512(const BinaryF32Args& args) {
  dispatch(args.op, [&]<BinaryOpF32 kOp>() { binary<kOp>(args); });
}

void unary_f32_avx512(const UnaryF32Args& args) {
  dispatch(args.op, [&]<UnaryOpF32 kOp>() { unary<kOp>(args); });
}

}  // namespace lathe::kernels
