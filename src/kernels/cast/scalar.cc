#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/numeric.h"
#include "base/result.h"
#include "kernels/cast/args.h"

namespace lathe::kernels {
namespace {

// Elements whose bits are not those of the number they stand for.
struct Float16 {
  std::uint16_t bits;
};
struct BFloat16 {
  std::uint16_t bits;
};
struct Bool {
  std::uint8_t value;
};

// The number that an element stands for, in a type that is computed with.
template <typename T>
T number(T element) {
  return element;
}
float number(Float16 element) { return float16_to_float(element.bits); }
float number(BFloat16 element) { return bfloat16_to_float(element.bits); }
std::uint8_t number(Bool element) { return element.value != 0 ? 1 : 0; }

template <typename To, typename From>
To convert(From from) {
  if constexpr (std::is_same_v<To, Float16>) {
    return {float_to_float16(static_cast<float>(from))};
  } else if constexpr (std::is_same_v<To, BFloat16>) {
    return {float_to_bfloat16(static_cast<float>(from))};
  } else if constexpr (std::is_same_v<To, Bool>) {
    return {static_cast<std::uint8_t>(from != From{0} ? 1 : 0)};
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    // Both bounds as From are exact, or one more than the largest integer.
    constexpr auto kLowest = static_cast<From>(std::numeric_limits<To>::min());
    constexpr auto kBeyond =
        -static_cast<From>(std::numeric_limits<std::make_signed_t<To>>::min()) *
        (std::is_signed_v<To> ? 1 : 2);
    if (!(from >= kLowest)) return std::isnan(from) ? To{0} : std::numeric_limits<To>::min();
    return from < kBeyond ? static_cast<To>(from) : std::numeric_limits<To>::max();
  } else {
    return static_cast<To>(from);
  }
}

template <typename From, typename To>
void run(const CastArgs& args) {
  const auto* in = static_cast<const From*>(args.in);
  auto* out = static_cast<To*>(args.out);
  for (std::size_t i = 0; i < args.count; ++i) out[i] = convert<To>(number(in[i]));
}

// body.operator()<T>() for the C++ type of the elements.
template <typename Body>
void dispatch(ElementType type, const Body& body) {
  switch (type) {
    case ElementType::kFloat32:
      return body.template operator()<float>();
    case ElementType::kFloat64:
      return body.template operator()<double>();
    case ElementType::kFloat16:
      return body.template operator()<Float16>();
    case ElementType::kBFloat16:
      return body.template operator()<BFloat16>();
    case ElementType::kInt8:
      return body.template operator()<std::int8_t>();
    case ElementType::kUint8:
      return body.template operator()<std::uint8_t>();
    case ElementType::kInt16:
      return body.template operator()<std::int16_t>();
    case ElementType::kUint16:
      return body.template operator()<std::uint16_t>();
    case ElementType::kInt32:
      return body.template operator()<std::int32_t>();
    case ElementType::kUint32:
      return body.template operator()<std::uint32_t>();
    case ElementType::kInt64:
      return body.template operator()<std::int64_t>();
    case ElementType::kUint64:
      return body.template operator()<std::uint64_t>();
    case ElementType::kBool:
      return body.template operator()<Bool>();
  }
  fatal("a conversion of elements of no type");
}

}  // namespace

void cast_scalar(const CastArgs& args) {
  dispatch(args.from, [&]<typename From>() {
    dispatch(args.to, [&]<typename To>() { run<From, To>(args); });
  });
}

}  // namespace lathe::kernels
