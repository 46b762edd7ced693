// Requantization, once for each target: see targets.h and kernels/requantize.h.
// clang-format off
#if defined(LATHE_KERNELS_VECTOR_REQUANTIZE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LATHE_KERNELS_VECTOR_REQUANTIZE_INL
#undef LATHE_KERNELS_VECTOR_REQUANTIZE_INL
#else
#define LATHE_KERNELS_VECTOR_REQUANTIZE_INL
#endif
// clang-format on

#include "kernels/requantize_args.h"
#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {

using U8 = hn::ScalableTag<std::uint8_t>;
using VU8 = hn::Vec<U8>;
using U16 = hn::ScalableTag<std::uint16_t>;
using VU16 = hn::Vec<U16>;
using I16 = hn::ScalableTag<std::int16_t>;
using VI16 = hn::Vec<I16>;
// As many bytes as a vector has floats.
using QuarterU8 = hn::Rebind<std::uint8_t, F32>;
using VQuarterU8 = hn::Vec<QuarterU8>;

// A vector of bytes as four of 32 bits, `upper` in the upper half of each. Every block of 128 bits
// has its first four bytes in the first vector, the next four in the second, and so on.
HWY_INLINE void widen(VU8 bytes, VU16 upper, VI32 (&quarters)[4]) {
  const U8 u8;
  const U16 u16;
  const I32 i32;
  const VU16 low = hn::BitCast(u16, hn::InterleaveLower(u8, bytes, hn::Zero(u8)));
  const VU16 high = hn::BitCast(u16, hn::InterleaveUpper(u8, bytes, hn::Zero(u8)));
  quarters[0] = hn::BitCast(i32, hn::InterleaveLower(u16, low, upper));
  quarters[1] = hn::BitCast(i32, hn::InterleaveUpper(u16, low, upper));
  quarters[2] = hn::BitCast(i32, hn::InterleaveLower(u16, high, upper));
  quarters[3] = hn::BitCast(i32, hn::InterleaveUpper(u16, high, upper));
}

struct Requantizer {
  VF32 high;
  // For vectors of bytes:
  VI16 zero_point;
  VU8 min;
  VU8 flip;
  // For vectors of 32 bits, whose lowest byte is taken, so that adding 128 flips as XOR does:
  VI32 low;
  VI32 flipped_zero_point;
};

HWY_INLINE Requantizer requantizer(const RequantizeArgs& args) {
  const U8 u8;
  const I32 i32;
  return {hn::Set(F32(), args.high),
          hn::Set(I16(), static_cast<std::int16_t>(args.zero_point)),
          hn::Set(u8, static_cast<std::uint8_t>(args.min)),
          hn::Set(u8, args.flip),
          hn::Set(i32, args.min - args.zero_point),
          hn::Set(i32, args.zero_point ^ args.flip)};
}

// A scaled value to a rounded integer, at most `high`, which also takes the place of NaN. The
// packing sees to the lower bound; what is below -2^31 comes out as that.
HWY_INLINE VI32 round_scaled(VF32 scaled, const Requantizer& r) {
  const VF32 value = smaller(scaled, r.high);
  // NearestInt() on x86, without what it does for values from 2^31 on.
#if HWY_TARGET == HWY_AVX3
  return VI32{_mm512_cvtps_epi32(value.raw)};
#elif HWY_TARGET == HWY_AVX2
  return VI32{_mm256_cvtps_epi32(value.raw)};
#else
  return hn::NearestInt(value);
#endif
}

HWY_INLINE VI32 round_sum(VI32 sum, VF32 multiplier, const Requantizer& r) {
  return round_scaled(hn::Mul(hn::ConvertTo(F32(), sum), multiplier), r);
}

// Two vectors of 16 bits to one of bytes, saturated, in blocks as ReorderDemote2To() has it.
HWY_INLINE VU8 demote_blocks(VI16 a, VI16 b) {
#if HWY_TARGET == HWY_AVX3
  return VU8{_mm512_packus_epi16(a.raw, b.raw)};
#elif HWY_TARGET == HWY_AVX2
  return VU8{_mm256_packus_epi16(a.raw, b.raw)};
#else
  const hn::Half<U8> half;
  return hn::Combine(U8(), hn::DemoteTo(half, b), hn::DemoteTo(half, a));
#endif
}

// Rounded integers to bytes, which lie as widen() takes them.
HWY_INLINE VU8 pack_bytes(const VI32 (&rounded)[4], const Requantizer& r) {
  const I16 i16;
  const VI16 low = hn::ReorderDemote2To(i16, rounded[0], rounded[1]);
  const VI16 high = hn::ReorderDemote2To(i16, rounded[2], rounded[3]);
  const VU8 bytes =
      demote_blocks(hn::SaturatedAdd(low, r.zero_point), hn::SaturatedAdd(high, r.zero_point));
  return hn::Xor(hn::Max(bytes, r.min), r.flip);
}

// What pack_bytes() gives in another order: all bytes of its first vector, then of the second, and
// so on.
HWY_INLINE VU8 in_order(VU8 bytes) {
  const I32 i32;
  constexpr std::size_t kBlocks = hn::MaxLanes(I32()) / 4;
  if constexpr (kBlocks == 1) return bytes;
  const VI32 lane = hn::Iota(i32, 0);
  const VI32 block = hn::And(lane, hn::Set(i32, kBlocks - 1));
  const VI32 from = hn::Add(hn::ShiftLeft<2>(block), hn::ShiftRight<hwy::CeilLog2(kBlocks)>(lane));
  return hn::BitCast(U8(),
                     hn::TableLookupLanes(hn::BitCast(i32, bytes), hn::IndicesFromVec(i32, from)));
}

// One vector of rounded integers to bytes.
HWY_INLINE VQuarterU8 pack_quarter(VI32 rounded, const Requantizer& r) {
  const VI32 value = hn::Add(hn::Max(rounded, r.low), r.flipped_zero_point);
#if HWY_TARGET == HWY_AVX3
  return VQuarterU8{_mm512_cvtepi32_epi8(value.raw)};
#else
  return hn::TruncateTo(QuarterU8(), hn::BitCast(hn::RebindToUnsigned<I32>(), value));
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
