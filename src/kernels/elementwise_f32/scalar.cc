#include <cmath>

#include "kernels/elementwise_f32/args.h"

namespace lathe::kernels {
namespace {

float clamp(float value, float low, float high) {
  value = value < low ? low : value;
  return value > high ? high : value;
}

float apply(BinaryOpF32 op, float a, float b) {
  switch (op) {
    case BinaryOpF32::kAdd:
      return a + b;
    case BinaryOpF32::kSub:
      return a - b;
    case BinaryOpF32::kReverseSub:
      return b - a;
    case BinaryOpF32::kMul:
      return a * b;
    case BinaryOpF32::kDiv:
      return a / b;
    case BinaryOpF32::kReverseDiv:
      return b / a;
    case BinaryOpF32::kMax:
      return a > b ? a : b;
    case BinaryOpF32::kMin:
      return a < b ? a : b;
  }
  return 0;
}

float sigmoid(float x) {
  const float e = std::exp(-std::abs(x));
  return (std::signbit(x) ? e : 1.0F) / (1.0F + e);
}

float apply(const UnaryF32Args& args, float x) {
  switch (args.op) {
    case UnaryOpF32::kIdentity:
      return x;
    case UnaryOpF32::kLeakyRelu:
      return x >= 0 ? x : args.alpha * x;
    case UnaryOpF32::kSigmoid:
      return sigmoid(x);
    case UnaryOpF32::kTanh:
      return std::tanh(x);
    case UnaryOpF32::kExp:
      return std::exp(x);
    case UnaryOpF32::kHardSigmoid:
      return clamp(args.alpha * x + args.beta, 0, 1);
    case UnaryOpF32::kHardSwish:
      return x * clamp(args.alpha * x + args.beta, 0, 1);
    case UnaryOpF32::kSilu:
      return x * sigmoid(x);
    case UnaryOpF32::kAbs:
      return std::abs(x);
    case UnaryOpF32::kNeg:
      return -x;
    case UnaryOpF32::kSqrt:
      return std::sqrt(x);
    case UnaryOpF32::kReciprocal:
      return 1.0F / x;
    case UnaryOpF32::kFloor:
      return std::floor(x);
    case UnaryOpF32::kCeil:
      return std::ceil(x);
    case UnaryOpF32::kRound:
      return std::nearbyint(x);
    case UnaryOpF32::kLog:
      return std::log(x);
    case UnaryOpF32::kErf:
      return std::erf(x);
  }
  return 0;
}

}  // namespace

void binary_f32_scalar(const BinaryF32Args& args) {
  for (std::size_t i = 0; i < args.rows; ++i) {
    for (std::size_t j = 0; j < args.columns; ++j) {
      const std::size_t at = i * args.columns + j;
      const std::size_t b_at = args.operand == OperandF32::kSame     ? at
                               : args.operand == OperandF32::kColumn ? j
                                                                     : 0;
      args.out[at] = clamp(apply(args.op, args.a[at], args.b[b_at]), args.min, args.max);
    }
  }
}

void unary_f32_scalar(const UnaryF32Args& args) {
  for (std::size_t i = 0; i < args.count; ++i) {
    args.out[i] = clamp(apply(args, args.in[i]), args.min, args.max);
  }
}

}  // namespace lathe::kernels
