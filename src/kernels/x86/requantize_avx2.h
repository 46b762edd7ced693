// Requantization in AVX2 registers; see kernels/requantize.h. For files of AVX2 kernels only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/requantize_args.h"

namespace lathe::kernels::avx2 {

struct Requantizer {
  __m256 high;
  __m256i zero_point;  // 16-bit lanes
  __m256i min;         // bytes, as are the two below
  __m256i max;
  __m256i flip;
};

static inline Requantizer requantizer(const RequantizeArgs& args) {
  return {_mm256_set1_ps(args.high), _mm256_set1_epi16(static_cast<short>(args.zero_point)),
          _mm256_set1_epi8(static_cast<char>(args.min)),
          _mm256_set1_epi8(static_cast<char>(args.max)),
          _mm256_set1_epi8(static_cast<char>(args.flip))};
}

// A scaled value to a rounded integer. What is below -2^31 comes out as -2^31, which the packing
// saturates; `high` keeps the other end in range and takes the place of NaN.
static inline __m256i round_scaled(__m256 scaled, const Requantizer& r) {
  return _mm256_cvtps_epi32(_mm256_min_ps(scaled, r.high));
}

static inline __m256i round_sum(__m256i sum, __m256 multiplier, const Requantizer& r) {
  return round_scaled(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), multiplier), r);
}

// Four vectors of rounded integers to bytes: each 128-bit lane of the result holds the four values
// of that lane of a, then of b, c and d.
static inline __m256i pack_bytes(__m256i a, __m256i b, __m256i c, __m256i d, const Requantizer& r) {
  const __m256i ab = _mm256_adds_epi16(_mm256_packs_epi32(a, b), r.zero_point);
  const __m256i cd = _mm256_adds_epi16(_mm256_packs_epi32(c, d), r.zero_point);
  const __m256i bytes = _mm256_packus_epi16(ab, cd);
  return _mm256_xor_si256(_mm256_min_epu8(_mm256_max_epu8(bytes, r.min), r.max), r.flip);
}

// Eight rounded integers to eight bytes in order, in the low half.
static inline __m128i pack_eight(__m256i v, const Requantizer& r) {
  const __m256i bytes = pack_bytes(v, v, v, v, r);
  return _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
}

// The first `count` bytes of `bytes`, at most 16.
static inline void store_bytes(std::uint8_t* out, __m128i bytes, std::size_t count) {
  if (count >= 16) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    return;
  }
  if (count == 8) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), bytes);
    return;
  }
  alignas(16) std::uint8_t buffer[16];
  _mm_store_si128(reinterpret_cast<__m128i*>(buffer), bytes);
  for (std::size_t i = 0; i < count; ++i) out[i] = buffer[i];
}

}  // namespace lathe::kernels::avx2
