#include "kernels/quantize_linear/args.h"

#define HWY_TARGET_INCLUDE "kernels/quantize_linear/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {

void quantize_s8(const QuantizeLinearArgs& args) {
  const F32 f;
  const U8 u8;
  const Requantizer r = requantizer(args.requantize);
  const VF32 scale = hn::Set(f, args.scale);
  for (std::size_t i = 0; i < args.count; i += hn::Lanes(u8)) {
    const std::size_t left = args.count - i;
    VI32 rounded[4];
#pragma GCC unroll 4
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t before = j * hn::Lanes(f);
      const VF32 x = load_first(f, args.in + i + before, left > before ? left - before : 0);
      const VF32 quotient = hn::Div(x, scale);
      rounded[j] = round_scaled(hn::IfThenElseZero(hn::Eq(quotient, quotient), quotient), r);
    }
    store_first(in_order(pack_bytes(rounded, r)), u8, args.out + i, left);
  }
}

void dequantize_s8(const DequantizeLinearArgs& args) {
  const F32 f;
  const I32 i32;
  const QuarterU8 u8;
  const std::size_t lanes = hn::Lanes(f);
  const VQuarterU8 flip = hn::Set(u8, args.flip);
  const VI32 zero_point = hn::Set(i32, args.zero_point);
  const VF32 scale = hn::Set(f, args.scale);
  const auto real = [&](VQuarterU8 bytes) HWY_ATTR {
    const VI32 value = hn::Sub(hn::PromoteTo(i32, hn::Xor(bytes, flip)), zero_point);
    return hn::Mul(hn::ConvertTo(f, value), scale);
  };
  std::size_t i = 0;
  for (; i + lanes <= args.count; i += lanes)
    hn::StoreU(real(hn::LoadU(u8, args.in + i)), f, args.out + i);
  if (const std::size_t left = args.count - i; left > 0)
    store_first(real(load_first(u8, args.in + i, left)), f, args.out + i, left);
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
