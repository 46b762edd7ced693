#include <cmath>

#include "kernels/elementwise_f32/args.h"
#include "kernels/storage.h"

namespace lathe::kernels::scalar {
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

template <typename Stored>
float apply(const UnaryF32Args<Stored>& args, float x) {
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

template <typename Stored>
void binary(const BinaryF32Args<Stored>& args) {
  for (std::size_t i = 0; i < args.rows; ++i) {
    for (std::size_t j = 0; j < args.columns; ++j) {
      const std::size_t at = i * args.columns + j;
      const std::size_t b_at = args.operand == OperandF32::kSame     ? at
                               : args.operand == OperandF32::kColumn ? j
                                                                     : 0;
      const float value = apply(args.op, load(args.a[at]), load(args.b[b_at]));
      args.out[at] = store<Stored>(clamp(value, args.min, args.max));
    }
  }
}

template <typename Stored>
void unary(const UnaryF32Args<Stored>& args) {
  for (std::size_t i = 0; i < args.count; ++i)
    args.out[i] = store<Stored>(clamp(apply(args, load(args.in[i])), args.min, args.max));
}

}  // namespace

void binary_f32(const BinaryF32Args<float>& args) { binary(args); }
void binary_f32(const BinaryF32Args<BFloat16>& args) { binary(args); }
void unary_f32(const UnaryF32Args<float>& args) { unary(args); }
void unary_f32(const UnaryF32Args<BFloat16>& args) { unary(args); }

}  // namespace lathe::kernels::scalar
