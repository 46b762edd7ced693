// The loops over elements of all types, for the compiler to vectorise for the instruction set of
// the file that includes them: internal linkage keeps them there.
#pragma once

#include <cstdint>

#include "kernels/elementwise/args.h"

namespace lathe::kernels {
namespace {

template <typename T>
inline constexpr bool kIsFloat = static_cast<T>(0.5) != T{0};
template <typename T>
inline constexpr bool kIsSigned = static_cast<T>(-1) < T{0};

// Integer arithmetic on 64 unsigned bits, of which the lower ones are kept: it wraps around.
template <typename T>
T wrap(std::uint64_t value) {
  return static_cast<T>(value);
}
template <typename T>
std::uint64_t bits(T value) {
  return static_cast<std::uint64_t>(value);
}

template <ElementwiseOp kOp>
float of_float(float x) {
  if constexpr (kOp == ElementwiseOp::kSqrt) return __builtin_sqrtf(x);
  if constexpr (kOp == ElementwiseOp::kReciprocal) return 1.0F / x;
  if constexpr (kOp == ElementwiseOp::kExp) return __builtin_expf(x);
  if constexpr (kOp == ElementwiseOp::kLog) return __builtin_logf(x);
  if constexpr (kOp == ElementwiseOp::kErf) return __builtin_erff(x);
  if constexpr (kOp == ElementwiseOp::kSin) return __builtin_sinf(x);
  if constexpr (kOp == ElementwiseOp::kCos) return __builtin_cosf(x);
  if constexpr (kOp == ElementwiseOp::kFloor) return __builtin_floorf(x);
  if constexpr (kOp == ElementwiseOp::kCeil) return __builtin_ceilf(x);
  if constexpr (kOp == ElementwiseOp::kRound) return __builtin_nearbyintf(x);
}

template <ElementwiseOp kOp>
double of_float(double x) {
  if constexpr (kOp == ElementwiseOp::kSqrt) return __builtin_sqrt(x);
  if constexpr (kOp == ElementwiseOp::kReciprocal) return 1.0 / x;
  if constexpr (kOp == ElementwiseOp::kExp) return __builtin_exp(x);
  if constexpr (kOp == ElementwiseOp::kLog) return __builtin_log(x);
  if constexpr (kOp == ElementwiseOp::kErf) return __builtin_erf(x);
  if constexpr (kOp == ElementwiseOp::kSin) return __builtin_sin(x);
  if constexpr (kOp == ElementwiseOp::kCos) return __builtin_cos(x);
  if constexpr (kOp == ElementwiseOp::kFloor) return __builtin_floor(x);
  if constexpr (kOp == ElementwiseOp::kCeil) return __builtin_ceil(x);
  if constexpr (kOp == ElementwiseOp::kRound) return __builtin_nearbyint(x);
}

inline float power(float a, float b) { return __builtin_powf(a, b); }
inline double power(double a, double b) { return __builtin_pow(a, b); }
inline float magnitude(float x) { return __builtin_fabsf(x); }
inline double magnitude(double x) { return __builtin_fabs(x); }

template <ElementwiseOp kOp, typename T>
T apply(T x) {
  if constexpr (is_of_floats(kOp)) return of_float<kOp>(x);
  if constexpr (kOp == ElementwiseOp::kAbs) {
    if constexpr (kIsFloat<T>) return magnitude(x);
    if constexpr (kIsSigned<T>) return x < T{0} ? wrap<T>(-bits(x)) : x;
    return x;
  }
  if constexpr (kOp == ElementwiseOp::kNeg) {
    if constexpr (kIsFloat<T>) return -x;
    return wrap<T>(-bits(x));
  }
  if constexpr (kOp == ElementwiseOp::kSign) {
    if (x > T{0}) return T{1};
    if constexpr (kIsSigned<T>)
      if (x < T{0}) return static_cast<T>(-1);
    return x;
  }
  if constexpr (kOp == ElementwiseOp::kNot) return x == T{0} ? T{1} : T{0};
}

template <ElementwiseOp kOp, typename T>
T apply(T a, T b) {
  if constexpr (kOp == ElementwiseOp::kPow) return power(a, b);
  if constexpr (kOp == ElementwiseOp::kMin) return a < b || a != a ? a : b;
  if constexpr (kOp == ElementwiseOp::kMax) return a > b || a != a ? a : b;
  if constexpr (kOp == ElementwiseOp::kAnd) return a != T{0} && b != T{0} ? T{1} : T{0};
  if constexpr (kOp == ElementwiseOp::kOr) return a != T{0} || b != T{0} ? T{1} : T{0};
  if constexpr (kOp == ElementwiseOp::kXor) return (a != T{0}) != (b != T{0}) ? T{1} : T{0};
  if constexpr (kOp == ElementwiseOp::kDiv) {
    if constexpr (!kIsFloat<T> && kIsSigned<T>)
      if (b == static_cast<T>(-1)) return wrap<T>(-bits(a));
    return static_cast<T>(a / b);
  }
  if constexpr (kIsFloat<T>) {
    if constexpr (kOp == ElementwiseOp::kAdd) return a + b;
    if constexpr (kOp == ElementwiseOp::kSub) return a - b;
    if constexpr (kOp == ElementwiseOp::kMul) return a * b;
  } else {
    if constexpr (kOp == ElementwiseOp::kAdd) return wrap<T>(bits(a) + bits(b));
    if constexpr (kOp == ElementwiseOp::kSub) return wrap<T>(bits(a) - bits(b));
    if constexpr (kOp == ElementwiseOp::kMul) return wrap<T>(bits(a) * bits(b));
  }
}

template <ElementwiseOp kOp, typename T>
bool compare(T a, T b) {
  if constexpr (kOp == ElementwiseOp::kEqual) return a == b;
  if constexpr (kOp == ElementwiseOp::kLess) return a < b;
  if constexpr (kOp == ElementwiseOp::kLessOrEqual) return a <= b;
  if constexpr (kOp == ElementwiseOp::kGreater) return a > b;
  if constexpr (kOp == ElementwiseOp::kGreaterOrEqual) return a >= b;
}

template <typename T>
void select(const ElementwiseArgs& args) {
  const auto* condition = static_cast<const std::uint8_t*>(args.inputs[0]);
  const auto* a = static_cast<const T*>(args.inputs[1]);
  const auto* b = static_cast<const T*>(args.inputs[2]);
  auto* out = static_cast<T*>(args.out);
  for (std::size_t i = 0; i < args.count; ++i) out[i] = condition[i] != 0 ? a[i] : b[i];
}

template <ElementwiseOp kOp, typename T>
void loop(const ElementwiseArgs& args) {
  const auto* a = static_cast<const T*>(args.inputs[0]);
  if constexpr (operand_count(kOp) == 1) {
    auto* out = static_cast<T*>(args.out);
    for (std::size_t i = 0; i < args.count; ++i) out[i] = apply<kOp>(a[i]);
  } else {
    const auto* b = static_cast<const T*>(args.inputs[1]);
    if constexpr (is_comparison(kOp)) {
      auto* out = static_cast<std::uint8_t*>(args.out);
      for (std::size_t i = 0; i < args.count; ++i) out[i] = compare<kOp>(a[i], b[i]) ? 1 : 0;
    } else {
      auto* out = static_cast<T*>(args.out);
      for (std::size_t i = 0; i < args.count; ++i) out[i] = apply<kOp>(a[i], b[i]);
    }
  }
}

// The loop for the type of the elements, where there is one.
template <ElementwiseOp kOp>
void of_type(const ElementwiseArgs& args) {
#define LATHE_CASE(name, T)                                                    \
  case ElementType::name:                                                      \
    if constexpr (has_loop(kOp, ElementType::name)) return loop<kOp, T>(args); \
    return;
  switch (args.type) {
    LATHE_CASE(kFloat32, float)
    LATHE_CASE(kFloat64, double)
    LATHE_CASE(kInt8, std::int8_t)
    LATHE_CASE(kUint8, std::uint8_t)
    LATHE_CASE(kInt16, std::int16_t)
    LATHE_CASE(kUint16, std::uint16_t)
    LATHE_CASE(kInt32, std::int32_t)
    LATHE_CASE(kUint32, std::uint32_t)
    LATHE_CASE(kInt64, std::int64_t)
    LATHE_CASE(kUint64, std::uint64_t)
    LATHE_CASE(kBool, std::uint8_t)
    case ElementType::kFloat16:
    case ElementType::kBFloat16:
      return;
  }
#undef LATHE_CASE
}

void elementwise(const ElementwiseArgs& args) {
#define LATHE_CASE(op)    \
  case ElementwiseOp::op: \
    return of_type<ElementwiseOp::op>(args);
  switch (args.op) {
    LATHE_CASE(kAbs)
    LATHE_CASE(kNeg)
    LATHE_CASE(kSign)
    LATHE_CASE(kNot)
    LATHE_CASE(kSqrt)
    LATHE_CASE(kReciprocal)
    LATHE_CASE(kExp)
    LATHE_CASE(kLog)
    LATHE_CASE(kErf)
    LATHE_CASE(kSin)
    LATHE_CASE(kCos)
    LATHE_CASE(kFloor)
    LATHE_CASE(kCeil)
    LATHE_CASE(kRound)
    LATHE_CASE(kAdd)
    LATHE_CASE(kSub)
    LATHE_CASE(kMul)
    LATHE_CASE(kDiv)
    LATHE_CASE(kPow)
    LATHE_CASE(kMin)
    LATHE_CASE(kMax)
    LATHE_CASE(kEqual)
    LATHE_CASE(kLess)
    LATHE_CASE(kLessOrEqual)
    LATHE_CASE(kGreater)
    LATHE_CASE(kGreaterOrEqual)
    LATHE_CASE(kAnd)
    LATHE_CASE(kOr)
    LATHE_CASE(kXor)
    case ElementwiseOp::kSelect:
      switch (element_bytes(args.type)) {
        case 1:
          return select<std::uint8_t>(args);
        case 2:
          return select<std::uint16_t>(args);
        case 4:
          return select<std::uint32_t>(args);
        default:
          return select<std::uint64_t>(args);
      }
  }
#undef LATHE_CASE
}

}  // namespace
}  // namespace lathe::kernels
