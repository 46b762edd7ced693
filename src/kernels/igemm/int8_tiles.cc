#include "kernels/igemm/tile.h"

#define HWY_TARGET_INCLUDE "kernels/igemm/int8_tiles.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/requantize-inl.h"

#if HWY_TARGET != HWY_EMU128  // which no kernel is for
HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

#include "kernels/igemm/int8_tile-inl.h"

#if HWY_ARCH_X86
// Without dot products of bytes: those of 16 bits, exact, on every other byte. vpmaddubsw would
// saturate (255 * 127 * 2 > 32767).
struct WideDot {
  static constexpr int kRows = HWY_TARGET == HWY_AVX3 ? 8 : 4;
  static constexpr int kPanelVectors = 2;
  struct Pairs {
    VI16 even;
    VI16 odd;
  };
  using Weights = Pairs;
  using Inputs = Pairs;

  static HWY_INLINE Weights weights(const std::byte* at) {
    const VI16 quads = hn::LoadU(I16(), reinterpret_cast<const std::int16_t*>(at));
    return {hn::ShiftRight<8>(hn::ShiftLeft<8>(quads)), hn::ShiftRight<8>(quads)};
  }
  static HWY_INLINE Inputs inputs(const std::byte* at) {
    std::int32_t quad;
    __builtin_memcpy(&quad, at, sizeof quad);
    const VU16 bytes = hn::BitCast(U16(), hn::Set(I32(), quad));
    return {hn::BitCast(I16(), hn::And(bytes, hn::Set(U16(), 0xff))),
            hn::BitCast(I16(), hn::ShiftRight<8>(bytes))};
  }
  static HWY_INLINE VI32 products(VI16 a, VI16 b) {
#if HWY_TARGET == HWY_AVX3
    return VI32{_mm512_madd_epi16(a.raw, b.raw)};
#else
    return VI32{_mm256_madd_epi16(a.raw, b.raw)};
#endif
  }
  static HWY_INLINE VI32 add(VI32 sums, Inputs x, Weights w) {
    return hn::Add(hn::Add(sums, products(x.even, w.even)), products(x.odd, w.odd));
  }
};
#else
// Signed bytes: inputs are read less 128.
struct WideDot {
  static constexpr int kRows = 4;
  static constexpr int kPanelVectors = 4;
  using Weights = int8x16_t;
  using Inputs = int8x16_t;

  static HWY_INLINE Weights weights(const std::byte* at) {
    return vld1q_s8(reinterpret_cast<const std::int8_t*>(at));
  }
  static HWY_INLINE Inputs inputs(const std::byte* at) {
    std::uint32_t quad;
    __builtin_memcpy(&quad, at, sizeof quad);
    return vreinterpretq_s8_u32(vdupq_n_u32(quad ^ 0x80808080U));
  }
  static HWY_INLINE VI32 add(VI32 sums, Inputs x, Weights w) {
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(x), vget_low_s8(w)));
    const int32x4_t high = vpaddlq_s16(vmull_high_s8(x, w));
    return hn::Add(sums, VI32(vpaddq_s32(low, high)));
  }
};
#endif

}  // namespace

void igemm_s8(const TileArgs& args) { any_tile<WideDot>(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

#if HWY_TARGET == HWY_AVX3
HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512vnni")
#elif HWY_TARGET == HWY_AVX2
HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avxvnni")
#else
HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod+crypto")
#endif
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace with_dot {

#include "kernels/igemm/int8_tile-inl.h"

struct Dot {
#if HWY_ARCH_X86
  static constexpr int kRows = HWY_TARGET == HWY_AVX3 ? 12 : 6;
  static constexpr int kPanelVectors = 2;
  using Weights = VI32;
  using Inputs = VI32;

  static HWY_INLINE Weights weights(const std::byte* at) {
    return hn::LoadU(I32(), reinterpret_cast<const std::int32_t*>(at));
  }
  static HWY_INLINE Inputs inputs(const std::byte* at) {
    std::int32_t quad;
    __builtin_memcpy(&quad, at, sizeof quad);
    return hn::Set(I32(), quad);
  }
  static HWY_INLINE VI32 add(VI32 sums, Inputs x, Weights w) {
#if HWY_TARGET == HWY_AVX3
    return VI32{_mm512_dpbusd_epi32(sums.raw, x.raw, w.raw)};
#else
    return VI32{_mm256_dpbusd_avx_epi32(sums.raw, x.raw, w.raw)};
#endif
  }
#else
  // Signed bytes: inputs are read less 128.
  static constexpr int kRows = 6;
  static constexpr int kPanelVectors = 4;
  using Weights = int8x16_t;
  using Inputs = int8x16_t;

  static HWY_INLINE Weights weights(const std::byte* at) {
    return vld1q_s8(reinterpret_cast<const std::int8_t*>(at));
  }
  static HWY_INLINE Inputs inputs(const std::byte* at) {
    std::uint32_t quad;
    __builtin_memcpy(&quad, at, sizeof quad);
    return vreinterpretq_s8_u32(vdupq_n_u32(quad ^ 0x80808080U));
  }
  static HWY_INLINE VI32 add(VI32 sums, Inputs x, Weights w) {
    return VI32(vdotq_s32(sums.raw, x, w));
  }
#endif
};

}  // namespace with_dot

void igemm_s8_dot(const TileArgs& args) { with_dot::any_tile<with_dot::Dot>(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_POP_ATTRIBUTES
#endif  // HWY_EMU128
