#include "kernels/binary_int8/args.h"

#define HWY_TARGET_INCLUDE "kernels/binary_int8/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

struct Add {
  VF32 by_a;
  VF32 by_b;
  explicit Add(const BinaryInt8Args& args)
      : by_a(hn::Set(F32(), args.a_multiplier)), by_b(hn::Set(F32(), args.b_multiplier)) {}
  HWY_INLINE VF32 operator()(VF32 a, VF32 b) const {
    return hn::Add(hn::Mul(a, by_a), hn::Mul(b, by_b));
  }
};
struct Mul {
  VF32 by;
  explicit Mul(const BinaryInt8Args& args) : by(hn::Set(F32(), args.a_multiplier)) {}
  HWY_INLINE VF32 operator()(VF32 a, VF32 b) const { return hn::Mul(hn::Mul(a, b), by); }
};

// How bytes become float32, less the zero point: under the exponent of 2^23, which is exact.
struct Operand {
  VU8 flip;
  VF32 offset;  // 2^23 + the zero point

  HWY_INLINE void bits(VU8 bytes, VI32 (&quarters)[4]) const {
    widen(hn::Xor(bytes, flip), hn::Set(U16(), 0x4b00), quarters);
  }
  HWY_INLINE VF32 centre(VI32 quarter) const {
    return hn::Sub(hn::BitCast(F32(), quarter), offset);
  }
};

HWY_INLINE Operand operand(std::uint8_t flip, std::int32_t zero_point) {
  return {hn::Set(U8(), flip), hn::Set(F32(), static_cast<float>(0x800000 + zero_point))};
}

template <typename Op>
void combine(const BinaryInt8Args& args) {
  const U8 u8;
  const Operand a = operand(args.a_flip, args.a_zero_point);
  const Operand b = operand(args.b_flip, args.b_zero_point);
  const Requantizer r = requantizer(args.requantize);
  const Op op(args);
  for (std::size_t i = 0; i < args.count; i += hn::Lanes(u8)) {
    const std::size_t left = args.count - i;
    VI32 x[4];
    VI32 y[4];
    a.bits(load_first(u8, args.a + i, left), x);
    b.bits(load_first(u8, args.b + i, left), y);
    VI32 rounded[4];
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) rounded[q] = round_scaled(op(a.centre(x[q]), b.centre(y[q])), r);
    store_first(pack_bytes(rounded, r), u8, args.out + i, left);
  }
}

}  // namespace

void add_s8(const BinaryInt8Args& args) { combine<Add>(args); }
void mul_s8(const BinaryInt8Args& args) { combine<Mul>(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
