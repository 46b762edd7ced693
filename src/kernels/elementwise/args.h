// What a loop over elements of any type is called with. Plain, so that files compiled for one
// instruction set can include it.
#pragma once

#include <cstddef>

#include "kernels/element_type.h"

namespace lathe::kernels {

// Integers wrap around. Comparisons make bool.
enum class ElementwiseOp {
  // Of one operand.
  kAbs,
  kNeg,
  kSign,  // -1, 0 or 1; NaN stays
  kNot,   // of bool
  kSqrt,
  kReciprocal,
  kExp,
  kLog,
  kErf,
  kSin,
  kCos,
  kFloor,
  kCeil,
  kRound,  // half to even
  // Of two.
  kAdd,
  kSub,
  kMul,
  kDiv,  // of integers: truncates, and the divisor must not be 0
  kPow,  // of floating point
  kMin,  // NaN where either is
  kMax,
  kEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,  // of bool, as are the next two
  kOr,
  kXor,
  // Of three: the second where the first, a bool, is not 0, else the third.
  kSelect,
};

constexpr std::size_t operand_count(ElementwiseOp op) {
  if (op < ElementwiseOp::kAdd) return 1;
  return op == ElementwiseOp::kSelect ? 3 : 2;
}

constexpr bool is_comparison(ElementwiseOp op) {
  return op >= ElementwiseOp::kEqual && op <= ElementwiseOp::kGreaterOrEqual;
}

constexpr bool is_logical(ElementwiseOp op) {
  return op == ElementwiseOp::kNot || (op >= ElementwiseOp::kAnd && op <= ElementwiseOp::kXor);
}

// Has results between those of its operands' type: no integers.
constexpr bool is_of_floats(ElementwiseOp op) {
  return (op >= ElementwiseOp::kSqrt && op <= ElementwiseOp::kRound) || op == ElementwiseOp::kPow;
}

constexpr bool is_floating_point(ElementType type) {
  return type == ElementType::kFloat32 || type == ElementType::kFloat64;
}

// Whether there is a loop: floats are float32 and float64 alone, and a select moves elements of any
// type.
constexpr bool has_loop(ElementwiseOp op, ElementType type) {
  if (op == ElementwiseOp::kSelect) return true;
  if (type == ElementType::kFloat16 || type == ElementType::kBFloat16) return false;
  if (type == ElementType::kBool) return is_logical(op) || op == ElementwiseOp::kEqual;
  if (is_logical(op)) return false;
  return !is_of_floats(op) || is_floating_point(type);
}

// The type of what comes out.
constexpr ElementType result_type(ElementwiseOp op, ElementType type) {
  return is_comparison(op) ? ElementType::kBool : type;
}

// out[i] = op(inputs[0][i], inputs[1][i], inputs[2][i])
struct ElementwiseArgs {
  ElementwiseOp op;
  ElementType type;  // of the operands, but for the first of a select
  const void* inputs[3];
  void* out;
  std::size_t count;
};

#define LATHE_ELEMENTWISE_KERNEL(isa, function) void function(const ElementwiseArgs& args);
#include "kernels/elementwise/kernels.inc"
#undef LATHE_ELEMENTWISE_KERNEL

}  // namespace lathe::kernels
