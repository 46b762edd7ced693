// Calls a template with the operator. For files of one instruction set: internal linkage keeps it
// there.
#pragma once

#include "kernels/elementwise_f32/args.h"

namespace lathe::kernels {
namespace {

template <typename Body>
void dispatch(BinaryOpF32 op, const Body& body) {
  switch (op) {
    case BinaryOpF32::kAdd:
      return body.template operator()<BinaryOpF32::kAdd>();
    case BinaryOpF32::kSub:
      return body.template operator()<BinaryOpF32::kSub>();
    case BinaryOpF32::kReverseSub:
      return body.template operator()<BinaryOpF32::kReverseSub>();
    case BinaryOpF32::kMul:
      return body.template operator()<BinaryOpF32::kMul>();
    case BinaryOpF32::kDiv:
      return body.template operator()<BinaryOpF32::kDiv>();
    case BinaryOpF32::kReverseDiv:
      return body.template operator()<BinaryOpF32::kReverseDiv>();
    case BinaryOpF32::kMax:
      return body.template operator()<BinaryOpF32::kMax>();
    case BinaryOpF32::kMin:
      return body.template operator()<BinaryOpF32::kMin>();
  }
}

template <typename Body>
void dispatch(UnaryOpF32 op, const Body& body) {
  switch (op) {
    case UnaryOpF32::kIdentity:
      return body.template operator()<UnaryOpF32::kIdentity>();
    case UnaryOpF32::kLeakyRelu:
      return body.template operator()<UnaryOpF32::kLeakyRelu>();
    case UnaryOpF32::kSigmoid:
      return body.template operator()<UnaryOpF32::kSigmoid>();
    case UnaryOpF32::kTanh:
      return body.template operator()<UnaryOpF32::kTanh>();
    case UnaryOpF32::kExp:
      return body.template operator()<UnaryOpF32::kExp>();
    case UnaryOpF32::kHardSigmoid:
      return body.template operator()<UnaryOpF32::kHardSigmoid>();
    case UnaryOpF32::kHardSwish:
      return body.template operator()<UnaryOpF32::kHardSwish>();
    case UnaryOpF32::kSilu:
      return body.template operator()<UnaryOpF32::kSilu>();
    case UnaryOpF32::kAbs:
      return body.template operator()<UnaryOpF32::kAbs>();
    case UnaryOpF32::kNeg:
      return body.template operator()<UnaryOpF32::kNeg>();
    case UnaryOpF32::kSqrt:
      return body.template operator()<UnaryOpF32::kSqrt>();
    case UnaryOpF32::kReciprocal:
      return body.template operator()<UnaryOpF32::kReciprocal>();
    case UnaryOpF32::kFloor:
      return body.template operator()<UnaryOpF32::kFloor>();
    case UnaryOpF32::kCeil:
      return body.template operator()<UnaryOpF32::kCeil>();
    case UnaryOpF32::kRound:
      return body.template operator()<UnaryOpF32::kRound>();
    case UnaryOpF32::kLog:
      return body.template operator()<UnaryOpF32::kLog>();
    case UnaryOpF32::kErf:
      return body.template operator()<UnaryOpF32::kErf>();
  }
}

}  // namespace
}  // namespace lathe::kernels
