// What an elementwise kernel works on. Plain, so that files compiled for one instruction set can
// include it.
#pragma once

#include <cstddef>

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

// Where the right operand of [rows, columns] comes from.
enum class OperandF32 { kSame, kColumn, kScalar };

// out[i][j] = clamp(a[i][j] op b), b being b[i][j], b[j] or *b.
struct BinaryF32Args {
  BinaryOpF32 op;
  OperandF32 operand;
  const float* a;
  const float* b;
  float* out;
  std::size_t rows;
  std::size_t columns;
  float min;
  float max;
};

// out[i] = clamp(op(in[i])).
struct UnaryF32Args {
  UnaryOpF32 op;
  const float* in;
  float* out;
  std::size_t count;
  float alpha;
  float beta;
  float min;
  float max;
};

#define LATHE_ELEMENTWISE_F32_KERNEL(isa, binary, unary) \
  void binary(const BinaryF32Args& args);                \
  void unary(const UnaryF32Args& args);
#include "kernels/elementwise_f32/kernels.inc"
#undef LATHE_ELEMENTWISE_F32_KERNEL

}  // namespace lathe::kernels
