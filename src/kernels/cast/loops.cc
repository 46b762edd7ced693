#include "kernels/cast/args.h"

#define HWY_TARGET_INCLUDE "kernels/cast/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

// Halves are loaded and stored as integers.
using U16 = hn::Rebind<std::uint16_t, F32>;
using VU16 = hn::Vec<U16>;
using F16 = hn::Rebind<hwy::float16_t, F32>;

HWY_INLINE VF32 widen_float16(VU16 bits) { return hn::PromoteTo(F32(), hn::BitCast(F16(), bits)); }

HWY_INLINE VU16 narrow_float16(VF32 value) {
  return hn::BitCast(U16(), hn::DemoteTo(F16(), value));
}

template <auto kConvert, class From, class To>
void convert(From from, To to, const CastArgs& args) {
  const auto* in = static_cast<const hn::TFromD<From>*>(args.in);
  auto* out = static_cast<hn::TFromD<To>*>(args.out);
  const std::size_t left = args.count % hn::Lanes(from);
  const std::size_t whole = args.count - left;
  // A loop as short as this takes a third longer where it crosses a line of the instruction cache.
#pragma GCC unroll 2
  for (std::size_t i = 0; i < whole; i += hn::Lanes(from))
    hn::StoreU(kConvert(hn::LoadU(from, in + i)), to, out + i);
  if (left > 0) store_first(kConvert(load_first(from, in + whole, left)), to, out + whole, left);
}

}  // namespace

void cast_halves(const CastArgs& args) {
  if (args.from == ElementType::kFloat16) return convert<widen_float16>(U16(), F32(), args);
  if (args.from == ElementType::kBFloat16) return convert<widen_bfloat16>(U16(), F32(), args);
  if (args.to == ElementType::kFloat16) return convert<narrow_float16>(F32(), U16(), args);
  convert<narrow_bfloat16>(F32(), U16(), args);
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
