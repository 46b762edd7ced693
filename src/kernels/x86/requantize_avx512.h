// Requantization in AVX-512 registers; see kernels/requantize.h. For files of AVX-512 kernels only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/requantize_args.h"

namespace lathe::kernels::avx512 {

struct Requantizer {
  __m512 high;
  __m512i zero_point;  // 16-bit lanes
  __m512i min;         // bytes, as are the two below
  __m512i max;
  __m512i flip;
};

static inline Requantizer requantizer(const RequantizeArgs& args) {
  return {_mm512_set1_ps(args.high), _mm512_set1_epi16(static_cast<short>(args.zero_point)),
          _mm512_set1_epi8(static_cast<char>(args.min)),
          _mm512_set1_epi8(static_cast<char>(args.max)),
          _mm512_set1_epi8(static_cast<char>(args.flip))};
}

// A scaled value to a rounded integer. What is below -2^31 comes out as -2^31, which the packing
// saturates; `high` keeps the other end in range and takes the place of NaN.
static inline __m512i round_scaled(__m512 scaled, const Requantizer& r) {
  return _mm512_cvtps_epi32(_mm512_min_ps(scaled, r.high));
}

static inline __m512i round_sum(__m512i sum, __m512 multiplier, const Requantizer& r) {
  return round_scaled(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), multiplier), r);
}

// Four vectors of rounded integers to bytes: each 128-bit lane of the result holds the four values
// of that lane of a, then of b, c and d.
static inline __m512i pack_bytes(__m512i a, __m512i b, __m512i c, __m512i d, const Requantizer& r) {
  const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(a, b), r.zero_point);
  const __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(c, d), r.zero_point);
  const __m512i bytes = _mm512_packus_epi16(ab, cd);
  return _mm512_xor_si512(_mm512_min_epu8(_mm512_max_epu8(bytes, r.min), r.max), r.flip);
}

// Those for 256-bit and 128-bit registers.
static inline __m256i round_sum(__m256i sum, __m256 multiplier, const Requantizer& r) {
  const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), multiplier);
  return _mm256_cvtps_epi32(_mm256_min_ps(scaled, _mm512_castps512_ps256(r.high)));
}
static inline __m256i pack_bytes(__m256i a, __m256i b, __m256i c, __m256i d, const Requantizer& r) {
  const __m256i zero_point = _mm512_castsi512_si256(r.zero_point);
  const __m256i ab = _mm256_adds_epi16(_mm256_packs_epi32(a, b), zero_point);
  const __m256i cd = _mm256_adds_epi16(_mm256_packs_epi32(c, d), zero_point);
  const __m256i bytes = _mm256_max_epu8(_mm256_packus_epi16(ab, cd), _mm512_castsi512_si256(r.min));
  return _mm256_xor_si256(_mm256_min_epu8(bytes, _mm512_castsi512_si256(r.max)),
                          _mm512_castsi512_si256(r.flip));
}
static inline __m128i round_sum(__m128i sum, __m128 multiplier, const Requantizer& r) {
  const __m128 scaled = _mm_mul_ps(_mm_cvtepi32_ps(sum), multiplier);
  return _mm_cvtps_epi32(_mm_min_ps(scaled, _mm512_castps512_ps128(r.high)));
}
static inline __m128i pack_bytes(__m128i a, __m128i b, __m128i c, __m128i d, const Requantizer& r) {
  const __m128i zero_point = _mm512_castsi512_si128(r.zero_point);
  const __m128i ab = _mm_adds_epi16(_mm_packs_epi32(a, b), zero_point);
  const __m128i cd = _mm_adds_epi16(_mm_packs_epi32(c, d), zero_point);
  const __m128i bytes = _mm_max_epu8(_mm_packus_epi16(ab, cd), _mm512_castsi512_si128(r.min));
  return _mm_xor_si128(_mm_min_epu8(bytes, _mm512_castsi512_si128(r.max)),
                       _mm512_castsi512_si128(r.flip));
}

// The lowest `count` of 64, 32 or 16 mask bits; at most all of them.
static inline __mmask64 mask64(std::size_t count) {
  return count >= 64 ? ~0ULL : (1ULL << count) - 1;
}
static inline __mmask32 mask32(std::size_t count) { return count >= 32 ? ~0U : (1U << count) - 1; }
static inline __mmask16 mask16(std::size_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffffU : (1U << count) - 1);
}

}  // namespace lathe::kernels::avx512
