#include "kernels/vector_math/avx2.h"

#include <immintrin.h>

#include "kernels/elementwise_f32/dispatch.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 8;

// Lets NaN through.
__m256 clamp(__m256 value, __m256 low, __m256 high) {
  return _mm256_min_ps(high, _mm256_max_ps(low, value));
}

template <BinaryOpF32 kOp>
__m256 apply(__m256 a, __m256 b) {
  if constexpr (kOp == BinaryOpF32::kAdd) return _mm256_add_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kSub) return _mm256_sub_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kReverseSub) return _mm256_sub_ps(b, a);
  if constexpr (kOp == BinaryOpF32::kMul) return _mm256_mul_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kDiv) return _mm256_div_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kReverseDiv) return _mm256_div_ps(b, a);
  if constexpr (kOp == BinaryOpF32::kMax) return _mm256_max_ps(a, b);
  if constexpr (kOp == BinaryOpF32::kMin) return _mm256_min_ps(a, b);
}

template <BinaryOpF32 kOp>
void binary(const BinaryF32Args& args) {
  const __m256 low = _mm256_set1_ps(args.min);
  const __m256 high = _mm256_set1_ps(args.max);
  const bool scalar = args.operand == OperandF32::kScalar;
  const __m256 constant = scalar ? _mm256_set1_ps(*args.b) : _mm256_setzero_ps();
  for (std::size_t i = 0; i < args.rows; ++i) {
    const float* a = args.a + i * args.columns;
    const float* b = args.operand == OperandF32::kSame ? args.b + i * args.columns : args.b;
    float* out = args.out + i * args.columns;
    for (std::size_t j = 0; j < args.columns; j += kLanes) {
      const __m256i mask = avx2::first_lanes(args.columns - j);
      const __m256 right = scalar ? constant : _mm256_maskload_ps(b + j, mask);
      const __m256 value = apply<kOp>(_mm256_maskload_ps(a + j, mask), right);
      _mm256_maskstore_ps(out + j, mask, clamp(value, low, high));
    }
  }
}

template <UnaryOpF32 kOp>
__m256 apply(__m256 x, __m256 alpha, __m256 beta) {
  const __m256 zero = _mm256_setzero_ps();
  if constexpr (kOp == UnaryOpF32::kLeakyRelu) {
    const __m256 below = _mm256_cmp_ps(x, zero, _CMP_NGE_UQ);
    return _mm256_blendv_ps(x, _mm256_mul_ps(x, alpha), below);
  }
  if constexpr (kOp == UnaryOpF32::kSigmoid) return avx2::sigmoid(x);
  if constexpr (kOp == UnaryOpF32::kTanh) return avx2::tanh(x);
  if constexpr (kOp == UnaryOpF32::kExp) return avx2::exp(x);
  if constexpr (kOp == UnaryOpF32::kSilu) return _mm256_mul_ps(x, avx2::sigmoid(x));
  if constexpr (kOp == UnaryOpF32::kAbs) return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), x);
  if constexpr (kOp == UnaryOpF32::kNeg) return _mm256_xor_ps(_mm256_set1_ps(-0.0F), x);
  if constexpr (kOp == UnaryOpF32::kSqrt) return _mm256_sqrt_ps(x);
  if constexpr (kOp == UnaryOpF32::kReciprocal) return _mm256_div_ps(_mm256_set1_ps(1.0F), x);
  if constexpr (kOp == UnaryOpF32::kFloor) return _mm256_round_ps(x, 0x09);
  if constexpr (kOp == UnaryOpF32::kCeil) return _mm256_round_ps(x, 0x0a);
  if constexpr (kOp == UnaryOpF32::kRound) return _mm256_round_ps(x, 0x08);
  if constexpr (kOp == UnaryOpF32::kLog) return avx2::log(x);
  if constexpr (kOp == UnaryOpF32::kErf) return avx2::erf(x);
  if constexpr (kOp == UnaryOpF32::kHardSigmoid || kOp == UnaryOpF32::kHardSwish) {
    const __m256 gate =
        clamp(_mm256_add_ps(_mm256_mul_ps(alpha, x), beta), zero, _mm256_set1_ps(1.0F));
    return kOp == UnaryOpF32::kHardSwish ? _mm256_mul_ps(x, gate) : gate;
  }
  return x;
}

template <UnaryOpF32 kOp>
void unary(const UnaryF32Args& args) {
  const __m256 low = _mm256_set1_ps(args.min);
  const __m256 high = _mm256_set1_ps(args.max);
  const __m256 alpha = _mm256_set1_ps(args.alpha);
  const __m256 beta = _mm256_set1_ps(args.beta);
  for (std::size_t i = 0; i < args.count; i += kLanes) {
    const __m256i mask = avx2::first_lanes(args.count - i);
    const __m256 value = apply<kOp>(_mm256_maskload_ps(args.in + i, mask), alpha, beta);
    _mm256_maskstore_ps(args.out + i, mask, clamp(value, low, high));
  }
}

}  // namespace

void binary_f32_avx2(const BinaryF32Args& args) {
  dispatch(args.op, [&]<BinaryOpF32 kOp>() { binary<kOp>(args); });
}

void unary_f32_avx2(const UnaryF32Args& args) {
  dispatch(args.op, [&]<UnaryOpF32 kOp>() { unary<kOp>(args); });
}

}  // namespace lathe::kernels
