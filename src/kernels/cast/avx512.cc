#include <cstdint>
#include <immintrin.h>

#include "kernels/cast/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 16;

__m512 widen_float16(__m256i bits) { return _mm512_cvtph_ps(bits); }

__m512 widen_bfloat16(__m256i bits) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

__m256i narrow_float16(__m512 values) {
  return _mm512_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// Rounds half to even; NaN keeps its sign and upper bits, and becomes quiet.
__m256i narrow_bfloat16(__m512 values) {
  const __m512i bits = _mm512_castps_si512(values);
  const __m512i lowest = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded =
      _mm512_add_epi32(bits, _mm512_add_epi32(_mm512_set1_epi32(0x7fff), lowest));
  const __mmask16 nan = _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q);
  const __m512i chosen = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x00400000));
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(chosen, 16));
}

__mmask16 first_lanes(std::size_t left) {
  return static_cast<__mmask16>(left >= kLanes ? 0xffffU : (1U << left) - 1U);
}

template <typename Convert>
void widen(const CastArgs& args, const Convert& convert) {
  const auto* in = static_cast<const std::uint16_t*>(args.in);
  auto* out = static_cast<float*>(args.out);
  for (std::size_t i = 0; i < args.count; i += kLanes) {
    const __mmask16 mask = first_lanes(args.count - i);
    _mm512_mask_storeu_ps(out + i, mask, convert(_mm256_maskz_loadu_epi16(mask, in + i)));
  }
}

template <typename Convert>
void narrow(const CastArgs& args, const Convert& convert) {
  const auto* in = static_cast<const float*>(args.in);
  auto* out = static_cast<std::uint16_t*>(args.out);
  for (std::size_t i = 0; i < args.count; i += kLanes) {
    const __mmask16 mask = first_lanes(args.count - i);
    _mm256_mask_storeu_epi16(out + i, mask, convert(_mm512_maskz_loadu_ps(mask, in + i)));
  }
}

}  // namespace

void cast_halves_avx512(const CastArgs& args) {
  if (args.from == ElementType::kFloat16) return widen(args, widen_float16);
  if (args.from == ElementType::kBFloat16) return widen(args, widen_bfloat16);
  if (args.to == ElementType::kFloat16) return narrow(args, narrow_float16);
  narrow(args, narrow_bfloat16);
}

}  // namespace lathe::kernels
