// Without 8-bit dot products: bytes widened to 16 bits, pairs multiplied and added exactly.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/igemm/int8_store_avx512.h"
#include "kernels/igemm/tile.h"
#include "kernels/x86/requantize_avx512.h"

namespace lathe::kernels {
namespace {

// Of its own where there are offsets: a choice within costs registers that the sums need.
template <bool kOffsets, int kRows, int kVectors>
void tile(const TileArgs& args) {
  __m512i sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm512_loadu_si512(args.panel + v * 64);
  }
  if constexpr (kOffsets) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const __m512i offset = _mm512_set1_epi32(args.row_offsets[r]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm512_add_epi32(sums[r][v], offset);
    }
  }

  const __m512i low_bytes = _mm512_set1_epi16(0xff);
  const std::byte* weights = args.panel + kVectors * 128;
  const std::byte* const* rows = args.rows;
  for (std::size_t t = 0; t < args.taps; ++t, rows += args.row_pitch) {
    const std::byte* x[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) x[r] = rows[r] + args.offset;
    for (std::size_t k = 0; k < args.depth; k += 4) {
      __m512i even[kVectors];
      __m512i odd[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const __m512i quads = _mm512_loadu_si512(weights + v * 64);
        even[v] = _mm512_srai_epi16(_mm512_slli_epi16(quads, 8), 8);
        odd[v] = _mm512_srai_epi16(quads, 8);
      }
      weights += kVectors * 64;
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        std::int32_t quad;
        __builtin_memcpy(&quad, x[r] + k, sizeof quad);
        const __m512i bytes = _mm512_set1_epi32(quad);
        const __m512i x_even = _mm512_and_si512(bytes, low_bytes);
        const __m512i x_odd = _mm512_srli_epi16(bytes, 8);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          const __m512i sum = _mm512_add_epi32(_mm512_madd_epi16(x_even, even[v]),
                                               _mm512_madd_epi16(x_odd, odd[v]));
          sums[r][v] = _mm512_add_epi32(sums[r][v], sum);
        }
      }
    }
  }
  avx512::store_tile<kRows, kVectors>(sums, args);
}

using Tile = void (*)(const TileArgs&);
template <bool kOffsets>
constexpr Tile kFull[] = {tile<kOffsets, 1, 2>, tile<kOffsets, 2, 2>, tile<kOffsets, 3, 2>,
                          tile<kOffsets, 4, 2>, tile<kOffsets, 5, 2>, tile<kOffsets, 6, 2>,
                          tile<kOffsets, 7, 2>, tile<kOffsets, 8, 2>};
template <bool kOffsets>
constexpr Tile kHalf[] = {tile<kOffsets, 1, 1>, tile<kOffsets, 2, 1>, tile<kOffsets, 3, 1>,
                          tile<kOffsets, 4, 1>, tile<kOffsets, 5, 1>, tile<kOffsets, 6, 1>,
                          tile<kOffsets, 7, 1>, tile<kOffsets, 8, 1>};

template <bool kOffsets>
void run(const TileArgs& args) {
  (args.half ? kHalf<kOffsets> : kFull<kOffsets>)[args.row_count - 1](args);
}

}  // namespace

void igemm_s8_8x32_avx512(const TileArgs& args) {
  args.row_offsets == nullptr ? run<false>(args) : run<true>(args);
}

}  // namespace lathe::kernels
