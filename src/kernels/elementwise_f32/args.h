// What an elementwise kernel works on. Plain, so that files compiled for one instruction set can
// include it.
#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/vector/targets.h"

namespace lathe::kernels {

enum class BinaryOpF32 {
  kAdd,         // a + b
  kSub,         // a - b
  kReverseSub,  // b - a
  kMul,         // a * b
  kDiv,         // a / b
  kReverseDiv,  // b / a
  kMax,         // the larger, b where either is NaN
  kMin,         // the smaller, b where either is NaN
};

enum class UnaryOpF32 {
  kIdentity,     // x: the clamp alone
  kLeakyRelu,    // x >= 0 ? x : alpha * x
  kSigmoid,      // 1 / (1 + exp(-x))
  kTanh,         // tanh(x)
  kExp,          // exp(x)
  kHardSigmoid,  // max(0, min(1, alpha * x + beta))
  kHardSwish,    // x * max(0, min(1, alpha * x + beta))
  kSilu,         // x / (1 + exp(-x))
  kAbs,
  kNeg,
  kSqrt,
  kReciprocal,  // 1 / x
  kFloor,
  kCeil,
  kRound,  // half to even
  kLog,    // the natural one
  kErf,
};

// Calls each() with the name of every operator.
#define LATHE_BINARY_OPS_F32(each)                                                           \
  each(kAdd) each(kSub) each(kReverseSub) each(kMul) each(kDiv) each(kReverseDiv) each(kMax) \
      each(kMin)
#define LATHE_UNARY_OPS_F32(each)                                                           \
  each(kIdentity) each(kLeakyRelu) each(kSigmoid) each(kTanh) each(kExp) each(kHardSigmoid) \
      each(kHardSwish) each(kSilu) each(kAbs) each(kNeg) each(kSqrt) each(kReciprocal)      \
          each(kFloor) each(kCeil) each(kRound) each(kLog) each(kErf)

// Where the right operand of [rows, columns] comes from.
enum class OperandF32 { kSame, kColumn, kScalar };

// out[i][j] = clamp(a[i][j] op b), b being b[i][j], b[j] or *b.
template <typename Stored>
struct BinaryF32Args {
  BinaryOpF32 op;
  OperandF32 operand;
  const Stored* a;
  const Stored* b;
  Stored* out;
  std::size_t rows;
  std::size_t columns;
  float min;
  float max;
};

// out[i] = clamp(op(in[i])).
template <typename Stored>
struct UnaryF32Args {
  UnaryOpF32 op;
  const Stored* in;
  Stored* out;
  std::size_t count;
  float alpha;
  float beta;
  float min;
  float max;
};

#define LATHE_DECLARE(target)                           \
  namespace target {                                    \
  void binary_f32(const BinaryF32Args<float>& args);    \
  void binary_f32(const BinaryF32Args<BFloat16>& args); \
  void unary_f32(const UnaryF32Args<float>& args);      \
  void unary_f32(const UnaryF32Args<BFloat16>& args);   \
  }
LATHE_DECLARE(scalar)
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
