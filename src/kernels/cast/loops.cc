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
using U32 = hn::RebindToUnsigned<F32>;
using VU32 = hn::Vec<U32>;
using F16 = hn::Rebind<hwy::float16_t, F32>;

HWY_INLINE VF32 widen_float16(VU16 bits) { return hn::PromoteTo(F32(), hn::BitCast(F16(), bits)); }

HWY_INLINE VF32 widen_bfloat16(VU16 bits) {
  return hn::BitCast(F32(), hn::ShiftLeft<16>(hn::PromoteTo(U32(), bits)));
}

HWY_INLINE VU16 narrow_float16(VF32 value) {
  return hn::BitCast(U16(), hn::DemoteTo(F16(), value));
}

// Rounds half to even; NaN keeps its sign and upper bits, and becomes quiet.
HWY_INLINE VU16 narrow_bfloat16(VF32 value) {
  const U32 u32;
  const VU32 bits = hn::BitCast(u32, value);
  const VU32 lowest = hn::And(hn::ShiftRight<16>(bits), hn::Set(u32, 1));
  const VU32 rounded = hn::Add(bits, hn::Add(hn::Set(u32, 0x7fff), lowest));
  const VU32 quiet = hn::Or(bits, hn::Set(u32, 0x00400000));
  const auto number = hn::RebindMask(u32, hn::Eq(value, value));
  const VU32 chosen = hn::IfThenElse(number, rounded, quiet);
  return hn::DemoteTo(U16(), hn::BitCast(I32(), hn::ShiftRight<16>(chosen)));
}

template <auto kConvert, class From, class To>
void convert(From from, To to, const CastArgs& args) {
  const auto* in = static_cast<const hn::TFromD<From>*>(args.in);
  auto* out = static_cast<hn::TFromD<To>*>(args.out);
  const std::size_t count = args.count;
  const std::size_t lanes = hn::Lanes(from);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(kConvert(hn::LoadU(from, in + i)), to, out + i);
  if (const std::size_t left = count - i; left > 0)
    store_first(kConvert(load_first(from, in + i, left)), to, out + i, left);
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
