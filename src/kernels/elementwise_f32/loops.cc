#include "kernels/elementwise_f32/args.h"

#define HWY_TARGET_INCLUDE "kernels/elementwise_f32/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

template <BinaryOpF32 kOp>
HWY_INLINE VF32 apply(VF32 a, VF32 b) {
  if constexpr (kOp == BinaryOpF32::kAdd) return hn::Add(a, b);
  if constexpr (kOp == BinaryOpF32::kSub) return hn::Sub(a, b);
  if constexpr (kOp == BinaryOpF32::kReverseSub) return hn::Sub(b, a);
  if constexpr (kOp == BinaryOpF32::kMul) return hn::Mul(a, b);
  if constexpr (kOp == BinaryOpF32::kDiv) return hn::Div(a, b);
  if constexpr (kOp == BinaryOpF32::kReverseDiv) return hn::Div(b, a);
  if constexpr (kOp == BinaryOpF32::kMax) return larger(a, b);
  if constexpr (kOp == BinaryOpF32::kMin) return smaller(a, b);
}

template <BinaryOpF32 kOp, typename Stored>
void binary(const BinaryF32Args<Stored>& args) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const VF32 low = hn::Set(f, args.min);
  const VF32 high = hn::Set(f, args.max);
  const bool scalar = args.operand == OperandF32::kScalar;
  const VF32 same = scalar ? load_all(f, args.b) : hn::Zero(f);
  for (std::size_t i = 0; i < args.rows; ++i) {
    const Stored* a = args.a + i * args.columns;
    const Stored* b = args.operand == OperandF32::kSame ? args.b + i * args.columns : args.b;
    Stored* out = args.out + i * args.columns;
    std::size_t j = 0;
    for (; j + lanes <= args.columns; j += lanes) {
      const VF32 right = scalar ? same : load(f, b + j);
      store(clamp(apply<kOp>(load(f, a + j), right), low, high), f, out + j);
    }
    if (const std::size_t left = args.columns - j; left > 0) {
      const VF32 right = scalar ? same : load_first(f, b + j, left);
      store_first(clamp(apply<kOp>(load_first(f, a + j, left), right), low, high), f, out + j,
                  left);
    }
  }
}

template <UnaryOpF32 kOp>
HWY_INLINE VF32 apply(VF32 x, VF32 alpha, VF32 beta) {
  const VF32 zero = hn::Zero(F32());
  if constexpr (kOp == UnaryOpF32::kLeakyRelu)
    return hn::IfThenElse(hn::Ge(x, zero), x, hn::Mul(x, alpha));
  if constexpr (kOp == UnaryOpF32::kSigmoid) return sigmoid(x);
  if constexpr (kOp == UnaryOpF32::kTanh) return tanh(x);
  if constexpr (kOp == UnaryOpF32::kExp) return exp(x);
  if constexpr (kOp == UnaryOpF32::kSilu) return hn::Mul(x, sigmoid(x));
  if constexpr (kOp == UnaryOpF32::kAbs) return hn::Abs(x);
  if constexpr (kOp == UnaryOpF32::kNeg) return hn::Neg(x);
  if constexpr (kOp == UnaryOpF32::kSqrt) return hn::Sqrt(x);
  if constexpr (kOp == UnaryOpF32::kReciprocal) return hn::Div(constant(1.0F), x);
  if constexpr (kOp == UnaryOpF32::kFloor) return hn::Floor(x);
  if constexpr (kOp == UnaryOpF32::kCeil) return hn::Ceil(x);
  if constexpr (kOp == UnaryOpF32::kRound) return hn::Round(x);
  if constexpr (kOp == UnaryOpF32::kLog) return log(x);
  if constexpr (kOp == UnaryOpF32::kErf) return erf(x);
  if constexpr (kOp == UnaryOpF32::kHardSigmoid || kOp == UnaryOpF32::kHardSwish) {
    const VF32 gate = clamp(hn::Add(hn::Mul(alpha, x), beta), zero, constant(1.0F));
    return kOp == UnaryOpF32::kHardSwish ? hn::Mul(x, gate) : gate;
  }
  return x;
}

template <UnaryOpF32 kOp, typename Stored>
void unary(const UnaryF32Args<Stored>& args) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const VF32 low = hn::Set(f, args.min);
  const VF32 high = hn::Set(f, args.max);
  const VF32 alpha = hn::Set(f, args.alpha);
  const VF32 beta = hn::Set(f, args.beta);
  std::size_t i = 0;
  for (; i + lanes <= args.count; i += lanes) {
    const VF32 value = apply<kOp>(load(f, args.in + i), alpha, beta);
    store(clamp(value, low, high), f, args.out + i);
  }
  if (const std::size_t left = args.count - i; left > 0) {
    const VF32 value = apply<kOp>(load_first(f, args.in + i, left), alpha, beta);
    store_first(clamp(value, low, high), f, args.out + i, left);
  }
}

template <typename Stored>
void any_binary(const BinaryF32Args<Stored>& args) {
  switch (args.op) {
#define LATHE_CASE(op)  \
  case BinaryOpF32::op: \
    return binary<BinaryOpF32::op>(args);
    LATHE_BINARY_OPS_F32(LATHE_CASE)
#undef LATHE_CASE
  }
}

template <typename Stored>
void any_unary(const UnaryF32Args<Stored>& args) {
  switch (args.op) {
#define LATHE_CASE(op) \
  case UnaryOpF32::op: \
    return unary<UnaryOpF32::op>(args);
    LATHE_UNARY_OPS_F32(LATHE_CASE)
#undef LATHE_CASE
  }
}

}  // namespace

void binary_f32(const BinaryF32Args<float>& args) { any_binary(args); }
void binary_f32(const BinaryF32Args<BFloat16>& args) { any_binary(args); }
void unary_f32(const UnaryF32Args<float>& args) { any_unary(args); }
void unary_f32(const UnaryF32Args<BFloat16>& args) { any_unary(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
