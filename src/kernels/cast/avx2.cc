#include <cstdint>
#include <immintrin.h>

#include "kernels/cast/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 8;

__m256 widen_float16(__m128i bits) { return _mm256_cvtph_ps(bits); }

__m256 widen_bfloat16(__m128i bits) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

__m128i narrow_float16(__m256 values) {
  return _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// Rounds half to even; NaN keeps its sign and upper bits, and becomes quiet.
__m128i narrow_bfloat16(__m256 values) {
  const __m256i bits = _mm256_castps_si256(values);
  const __m256i lowest = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded =
      _mm256_add_epi32(bits, _mm256_add_epi32(_mm256_set1_epi32(0x7fff), lowest));
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(values, values, _CMP_UNORD_Q));
  const __m256i upper = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
  const __m256i packed = _mm256_packus_epi32(upper, upper);
  return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
}

template <typename Convert>
void widen(const CastArgs& args, const Convert& convert) {
  const auto* in = static_cast<const std::uint16_t*>(args.in);
  auto* out = static_cast<float*>(args.out);
  std::size_t i = 0;
  for (; i + kLanes <= args.count; i += kLanes) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i));
    _mm256_storeu_ps(out + i, convert(bits));
  }
  if (i == args.count) return;
  std::uint16_t tail_in[kLanes] = {};
  float tail_out[kLanes];
  __builtin_memcpy(tail_in, in + i, (args.count - i) * sizeof(std::uint16_t));
  _mm256_storeu_ps(tail_out, convert(_mm_loadu_si128(reinterpret_cast<__m128i*>(tail_in))));
  __builtin_memcpy(out + i, tail_out, (args.count - i) * sizeof(float));
}

template <typename Convert>
void narrow(const CastArgs& args, const Convert& convert) {
  const auto* in = static_cast<const float*>(args.in);
  auto* out = static_cast<std::uint16_t*>(args.out);
  std::size_t i = 0;
  for (; i + kLanes <= args.count; i += kLanes)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), convert(_mm256_loadu_ps(in + i)));
  if (i == args.count) return;
  float tail_in[kLanes] = {};
  std::uint16_t tail_out[kLanes];
  __builtin_memcpy(tail_in, in + i, (args.count - i) * sizeof(float));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(tail_out), convert(_mm256_loadu_ps(tail_in)));
  __builtin_memcpy(out + i, tail_out, (args.count - i) * sizeof(std::uint16_t));
}

}  // namespace

void cast_halves_avx2(const CastArgs& args) {
  if (args.from == ElementType::kFloat16) return widen(args, widen_float16);
  if (args.from == ElementType::kBFloat16) return widen(args, widen_bfloat16);
  if (args.to == ElementType::kFloat16) return narrow(args, narrow_float16);
  narrow(args, narrow_bfloat16);
}

}  // namespace lathe::kernels
