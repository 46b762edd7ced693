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

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using VF32 = hn::Vec<F32>;

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

// The first `count` elements, which may be all, and zeros; nothing behind them is touched.
HWY_INLINE VF32 load_first(F32 d, const float* from, std::size_t count) {
  if (HWY_LIKELY(count >= hn::Lanes(d))) return hn::LoadU(d, from);
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  return hn::MaskedLoad(hn::FirstN(d, count), d, from);
#else
  HWY_ALIGN float copy[HWY_MAX_BYTES / sizeof(float)] = {};
  for (std::size_t i = 0; i < count; ++i) copy[i] = from[i];
  return hn::Load(d, copy);
#endif
}

HWY_INLINE void store_first(VF32 v, F32 d, float* to, std::size_t count) {
  if (HWY_LIKELY(count >= hn::Lanes(d))) return hn::StoreU(v, d, to);
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(d, count), d, to);
#else
  HWY_ALIGN float copy[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, copy);
  for (std::size_t i = 0; i < count; ++i) to[i] = copy[i];
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
