// What vector kernels share, once for each target: see targets.h.
// clang-format off
#if defined(LATHE_KERNELS_VECTOR_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LATHE_KERNELS_VECTOR_INL
#undef LATHE_KERNELS_VECTOR_INL
#else
#define LATHE_KERNELS_VECTOR_INL
#endif
// clang-format on

#include <hwy/highway.h>

#include "kernels/bfloat16.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using VF32 = hn::Vec<F32>;
using I32 = hn::RebindToSigned<F32>;
using VI32 = hn::Vec<I32>;

// The larger and the smaller, b where either is NaN.
HWY_INLINE VF32 larger(VF32 a, VF32 b) {
#if HWY_ARCH_X86
  return hn::Max(a, b);
#else
  return hn::IfThenElse(hn::Gt(a, b), a, b);
#endif
}
HWY_INLINE VF32 smaller(VF32 a, VF32 b) {
#if HWY_ARCH_X86
  return hn::Min(a, b);
#else
  return hn::IfThenElse(hn::Lt(a, b), a, b);
#endif
}
// Lets NaN through.
HWY_INLINE VF32 clamp(VF32 value, VF32 low, VF32 high) { return smaller(high, larger(low, value)); }

// Elements stored in bfloat16, computed with in float32.
using BF16 = hn::Rebind<std::uint16_t, F32>;

HWY_INLINE VF32 widen_bfloat16(hn::Vec<BF16> bits) {
  const hn::RebindToUnsigned<F32> u32;
  return hn::BitCast(F32(), hn::ShiftLeft<16>(hn::PromoteTo(u32, bits)));
}

// Rounds half to even; NaN keeps its sign and upper bits, and becomes quiet.
HWY_INLINE hn::Vec<BF16> narrow_bfloat16(VF32 value) {
  const hn::RebindToUnsigned<F32> u32;
  const auto bits = hn::BitCast(u32, value);
  const auto lowest = hn::And(hn::ShiftRight<16>(bits), hn::Set(u32, 1));
  const auto rounded = hn::Add(bits, hn::Add(hn::Set(u32, 0x7fff), lowest));
  const auto quiet = hn::Or(bits, hn::Set(u32, 0x00400000));
  const auto number = hn::RebindMask(u32, hn::Eq(value, value));
  const auto chosen = hn::IfThenElse(number, rounded, quiet);
  return hn::DemoteTo(BF16(), hn::BitCast(I32(), hn::ShiftRight<16>(chosen)));
}

HWY_INLINE VF32 load(F32 d, const float* from) { return hn::LoadU(d, from); }
HWY_INLINE VF32 load(F32, const BFloat16* from) {
  return widen_bfloat16(hn::LoadU(BF16(), reinterpret_cast<const std::uint16_t*>(from)));
}
// One element in all lanes.
HWY_INLINE VF32 load_all(F32 d, const float* from) { return hn::Set(d, *from); }
HWY_INLINE VF32 load_all(F32, const BFloat16* from) {
  return widen_bfloat16(hn::Set(BF16(), from->bits));
}
HWY_INLINE void store(VF32 v, F32 d, float* to) { hn::StoreU(v, d, to); }
HWY_INLINE void store(VF32 v, F32, BFloat16* to) {
  hn::StoreU(narrow_bfloat16(v), BF16(), reinterpret_cast<std::uint16_t*>(to));
}
// Whether vectors of D are loaded and stored in part by one instruction.
template <class D>
inline constexpr bool kHasMasks = HWY_TARGET == HWY_AVX3 ||
                                  (HWY_TARGET == HWY_AVX2 && sizeof(hn::TFromD<D>) >= 4);

// The first `count` elements, which may be all, and zeros; nothing behind them is touched.
template <class D>
HWY_INLINE hn::Vec<D> load_first(D d, const hn::TFromD<D>* from, std::size_t count) {
  if (HWY_LIKELY(count >= hn::Lanes(d))) return hn::LoadU(d, from);
  if constexpr (kHasMasks<D>) {
    return hn::MaskedLoad(hn::FirstN(d, count), d, from);
  } else {
    HWY_ALIGN hn::TFromD<D> copy[hn::MaxLanes(D())] = {};
    __builtin_memcpy(copy, from, count * sizeof *copy);
    return hn::Load(d, copy);
  }
}

template <class D>
HWY_INLINE void store_first(hn::Vec<D> v, D d, hn::TFromD<D>* to, std::size_t count) {
  if (HWY_LIKELY(count >= hn::Lanes(d))) return hn::StoreU(v, d, to);
  if constexpr (kHasMasks<D>) {
    hn::BlendedStore(v, hn::FirstN(d, count), d, to);
  } else {
    HWY_ALIGN hn::TFromD<D> copy[hn::MaxLanes(D())];
    hn::Store(v, d, copy);
    __builtin_memcpy(to, copy, count * sizeof *copy);
  }
}

HWY_INLINE VF32 load_first(F32, const BFloat16* from, std::size_t count) {
  return widen_bfloat16(load_first(BF16(), reinterpret_cast<const std::uint16_t*>(from), count));
}
HWY_INLINE void store_first(VF32 v, F32, BFloat16* to, std::size_t count) {
  store_first(narrow_bfloat16(v), BF16(), reinterpret_cast<std::uint16_t*>(to), count);
}

// The elements of which `mask` is set, and zeros; all elements where there are no masks.
template <class D>
HWY_INLINE hn::Vec<D> load_masked(D d, hn::Mask<D> mask, const hn::TFromD<D>* from) {
  if constexpr (kHasMasks<D>) return hn::MaskedLoad(mask, d, from);
  return hn::LoadU(d, from);
}

template <class D>
HWY_INLINE void store_masked(hn::Vec<D> v, D d, hn::Mask<D> mask, hn::TFromD<D>* to) {
  if constexpr (kHasMasks<D>) return hn::BlendedStore(v, mask, d, to);
  hn::StoreU(v, d, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
