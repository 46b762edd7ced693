#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/pooling_int8/args.h"
#include "kernels/x86/requantize_avx512.h"

namespace lathe::kernels {

void max_pool_s8_avx512(const PoolInt8Args& args) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(args.flip));
  for (std::size_t c = 0; c < args.channels; c += 64) {
    const __mmask64 mask = avx512::mask64(args.channels - c);
    __m512i best = _mm512_setzero_si512();
    for (std::size_t y = 0; y < args.height; ++y) {
      const std::uint8_t* in = args.in + y * args.row_stride + c;
      for (std::size_t x = 0; x < args.width; ++x, in += args.column_stride) {
        const __m512i value = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, in), flip);
        best = _mm512_max_epu8(best, value);
      }
    }
    _mm512_mask_storeu_epi8(args.out + c, mask, _mm512_xor_si512(best, flip));
  }
}

void average_pool_s8_avx512(const AveragePoolInt8Args& args) {
  const PoolInt8Args& pool = args.pool;
  const avx512::Requantizer r = avx512::requantizer(args.requantize);
  const __m512 multiplier = _mm512_set1_ps(args.multiplier);
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(pool.flip));
  const __m512i zero = _mm512_setzero_si512();
  for (std::size_t c = 0; c < pool.channels; c += 64) {
    const __mmask64 mask = avx512::mask64(pool.channels - c);
    __m512i sums[4];
    for (__m512i& sum : sums) sum = _mm512_set1_epi32(args.offset);
    for (std::size_t y = 0; y < pool.height; ++y) {
      const std::uint8_t* in = pool.in + y * pool.row_stride + c;
      for (std::size_t x = 0; x < pool.width; ++x, in += pool.column_stride) {
        const __m512i value = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, in), flip);
        const __m512i low = _mm512_unpacklo_epi8(value, zero);
        const __m512i high = _mm512_unpackhi_epi8(value, zero);
        sums[0] = _mm512_add_epi32(sums[0], _mm512_unpacklo_epi16(low, zero));
        sums[1] = _mm512_add_epi32(sums[1], _mm512_unpackhi_epi16(low, zero));
        sums[2] = _mm512_add_epi32(sums[2], _mm512_unpacklo_epi16(high, zero));
        sums[3] = _mm512_add_epi32(sums[3], _mm512_unpackhi_epi16(high, zero));
      }
    }
    for (__m512i& sum : sums) sum = avx512::round_sum(sum, multiplier, r);
    _mm512_mask_storeu_epi8(pool.out + c, mask,
                            avx512::pack_bytes(sums[0], sums[1], sums[2], sums[3], r));
  }
}

}  // namespace lathe::kernels
