#include "kernels/igemm/tile.h"

#define HWY_TARGET_INCLUDE "kernels/igemm/float_tiles.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

#include "kernels/igemm/float_tile-inl.h"

struct DotF32 {
  using Stored = float;
  static constexpr std::size_t kInputs = 1;
  using Weights = VF32;
  using Inputs = VF32;
  static HWY_INLINE Weights weights(const std::byte* at) {
    return hn::Load(F32(), reinterpret_cast<const float*>(at));
  }
  static HWY_INLINE Inputs inputs(const float* at) { return hn::Set(F32(), *at); }
  static HWY_INLINE VF32 add(VF32 sums, Inputs x, Weights w) { return hn::MulAdd(x, w, sums); }
};

// Pairs of bfloat16, made float32 on the way: for machines that do not multiply them.
struct DotBF16 {
  using Stored = BFloat16;
  static constexpr std::size_t kInputs = 2;
  struct Pair {
    // Those of the compiler's making are for its own target.
    HWY_INLINE Pair() {}
    HWY_INLINE Pair(VF32 a, VF32 b) : first(a), second(b) {}
    VF32 first;
    VF32 second;
  };
  using Weights = Pair;
  using Inputs = Pair;
  using U32 = hn::RebindToUnsigned<F32>;

  static HWY_INLINE Pair widened_pair(hn::Vec<U32> bits) {
    return {hn::BitCast(F32(), hn::ShiftLeft<16>(bits)),
            hn::BitCast(F32(), hn::And(bits, hn::Set(U32(), 0xffff0000U)))};
  }
  static HWY_INLINE Weights weights(const std::byte* at) {
    return widened_pair(hn::Load(U32(), reinterpret_cast<const std::uint32_t*>(at)));
  }
  static HWY_INLINE Inputs inputs(const BFloat16* at) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, at, sizeof bits);
    return widened_pair(hn::Set(U32(), bits));
  }
  static HWY_INLINE hn::Vec<BF16> narrow(VF32 sums) { return narrow_bfloat16(sums); }
  static HWY_INLINE VF32 add(VF32 sums, Inputs x, Weights w) {
    return hn::MulAdd(x.second, w.second, hn::MulAdd(x.first, w.first, sums));
  }
};

}  // namespace

void igemm_f32(const TileArgs& args) { of_width<DotF32>(args); }
void igemm_bf16(const TileArgs& args) { of_width<DotBF16>(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

#if HWY_TARGET == HWY_AVX3
HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512bf16")
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace with_dot {

#include "kernels/igemm/float_tile-inl.h"

// Denormals count as zero; a pair is summed from its second product on (Intel, "Intel Architecture
// Instruction Set Extensions", VDPBF16PS).
struct DotBF16 {
  using Stored = BFloat16;
  static constexpr std::size_t kInputs = 2;
  using Weights = __m512bh;
  using Inputs = __m512bh;
  static HWY_INLINE Weights weights(const std::byte* at) {
    return reinterpret_cast<__m512bh>(_mm512_load_si512(at));
  }
  static HWY_INLINE Inputs inputs(const BFloat16* at) {
    std::int32_t bits;
    __builtin_memcpy(&bits, at, sizeof bits);
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(bits));
  }
  static HWY_INLINE hn::Vec<BF16> narrow(VF32 sums) {
    return hn::Vec<BF16>{reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(sums.raw))};
  }
  static HWY_INLINE VF32 add(VF32 sums, Inputs x, Weights w) {
    return VF32{_mm512_dpbf16_ps(sums.raw, x, w)};
  }
};

}  // namespace with_dot

void igemm_bf16_dot(const TileArgs& args) { with_dot::of_width<with_dot::DotBF16>(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_POP_ATTRIBUTES
#endif
