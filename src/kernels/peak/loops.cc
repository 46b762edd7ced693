#include "kernels/peak/args.h"

#define HWY_TARGET_INCLUDE "kernels/peak/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

using I8 = hn::ScalableTag<std::int8_t>;
using VI8 = hn::Vec<I8>;
using U64 = hn::ScalableTag<std::uint64_t>;
using VU64 = hn::Vec<U64>;

// As many as there are registers for, and then some for the factors.
constexpr int kSums = HWY_TARGET == HWY_AVX2 ? 12 : 16;

// The same vector, but the compiler must take it for another.
HWY_INLINE void change([[maybe_unused]] VI8& v) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  asm("" : "+v"(v.raw));
#elif HWY_TARGET == HWY_NEON
  asm("" : "+w"(v.raw));
#endif
}

// The products of 8-bit numbers, summed up to 32 bits in the steps that the target has.
HWY_INLINE VI32 add_products(VI32 sum, VI8 a, VI8 b) {
#if HWY_TARGET == HWY_AVX3
  const __m512i pairs = _mm512_maddubs_epi16(a.raw, b.raw);
  return hn::Add(sum, VI32{_mm512_madd_epi16(pairs, _mm512_set1_epi16(1))});
#elif HWY_TARGET == HWY_AVX2
  const __m256i pairs = _mm256_maddubs_epi16(a.raw, b.raw);
  return hn::Add(sum, VI32{_mm256_madd_epi16(pairs, _mm256_set1_epi16(1))});
#elif HWY_TARGET == HWY_NEON
  const int16x8_t low = vmull_s8(vget_low_s8(a.raw), vget_low_s8(b.raw));
  return VI32{vpadalq_s16(vpadalq_s16(sum.raw, low), vmull_high_s8(a.raw, b.raw))};
#else
  return hn::Add(sum, hn::BitCast(I32(), hn::And(a, b)));
#endif
}

template <class V, int kCount>
HWY_INLINE V sum_of(V (&x)[kCount]) {
#pragma GCC unroll 16
  for (int i = 1; i < kCount; ++i) x[0] = hn::Add(x[0], x[i]);
  return x[0];
}

}  // namespace

float fma_loop(std::size_t turns, float factor, float addend) {
  const F32 f;
  const VF32 a = hn::Set(f, factor);
  const VF32 b = hn::Set(f, addend);
  VF32 x[kSums];
#pragma GCC unroll 16
  for (int i = 0; i < kSums; ++i) x[i] = hn::Set(f, static_cast<float>(i));
  for (; turns > 0; --turns) {
#pragma GCC unroll 16
    for (int i = 0; i < kSums; ++i) x[i] = hn::MulAdd(x[i], a, b);
  }
  return hn::GetLane(sum_of(x));
}

// One factor changes before each use, lest the compiler compute their product once.
std::int32_t int8_loop(std::size_t turns, std::int8_t factor) {
  VI8 a = hn::Set(I8(), 3);
  const VI8 b = hn::Set(I8(), factor);
  VI32 x[kSums];
#pragma GCC unroll 16
  for (int i = 0; i < kSums; ++i) x[i] = hn::Set(I32(), i);
  for (; turns > 0; --turns) {
#pragma GCC unroll 16
    for (int i = 0; i < kSums; ++i) {
      change(a);
      x[i] = add_products(x[i], a, b);
    }
  }
  return hn::GetLane(sum_of(x));
}

std::uint64_t read_loop(const void* data, std::size_t bytes) {
  constexpr int kLoads = 8;
  const U64 u64;
  const std::size_t lanes = hn::Lanes(u64);
  VU64 x[kLoads];
#pragma GCC unroll 8
  for (VU64& sum : x) sum = hn::Zero(u64);
  const auto* words = static_cast<const std::uint64_t*>(data);
  for (const auto* end = words + bytes / sizeof *words; words < end;) {
#pragma GCC unroll 8
    for (int k = 0; k < kLoads; ++k, words += lanes) x[k] = hn::Add(x[k], hn::Load(u64, words));
  }
  return hn::GetLane(sum_of(x));
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
