#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/igemm/int8_store_avx512.h"
#include "kernels/igemm/tile.h"
#include "kernels/x86/requantize_avx512.h"

namespace lathe::kernels {
namespace {

// Independent sums per output, so that at least 10 dot products are in flight where registers
// allow: vpdpbusd has a latency of 5 cycles and two start in each.
constexpr int unroll(int outputs) { return outputs <= 2 ? 4 : outputs <= 5 ? 2 : 1; }

// How far ahead weights are fetched into the level 2 cache, in bytes: some of the time that memory
// takes to send them.
constexpr std::size_t kAhead = 4096;

// Of its own where there are offsets: a choice within costs registers that the sums need.
template <bool kOffsets, int kRows, int kVectors>
void tile(const TileArgs& args) {
  constexpr int kUnroll = unroll(kRows * kVectors);
  constexpr std::size_t kQuadBytes = kVectors * 64;
  __m512i sums[kUnroll][kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      sums[0][r][v] = _mm512_loadu_si512(args.panel + v * 64);
#pragma GCC unroll 4
      for (int u = 1; u < kUnroll; ++u) sums[u][r][v] = _mm512_setzero_si512();
    }
  }
  if constexpr (kOffsets) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const __m512i offset = _mm512_set1_epi32(args.row_offsets[r]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[0][r][v] = _mm512_add_epi32(sums[0][r][v], offset);
    }
  }

  const std::byte* weights = args.panel + 2 * kQuadBytes;
  const std::byte* const* rows = args.rows;
  for (std::size_t t = 0; t < args.taps; ++t, rows += args.row_pitch) {
    const std::byte* x[kRows];
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) x[r] = rows[r] + args.offset;
    std::size_t k = 0;
    const auto step = [&](int u) __attribute__((always_inline)) {
      __m512i w[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        w[v] = _mm512_loadu_si512(weights + v * 64);
        __builtin_prefetch(weights + kAhead + v * 64, 0, 2);
      }
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        std::int32_t quad;
        __builtin_memcpy(&quad, x[r] + k, sizeof quad);
        const __m512i broadcast = _mm512_set1_epi32(quad);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          sums[u][r][v] = _mm512_dpbusd_epi32(sums[u][r][v], broadcast, w[v]);
        }
      }
      weights += kQuadBytes;
      k += 4;
    };
    std::size_t q = args.depth / 4;
    if constexpr (kUnroll > 1) {
      for (; q >= kUnroll; q -= kUnroll) {
#pragma GCC unroll 4
        for (int u = 0; u < kUnroll; ++u) step(u);
      }
    }
    for (; q > 0; --q) step(0);
  }

#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 4
      for (int u = 1; u < kUnroll; ++u) {
        sums[0][r][v] = _mm512_add_epi32(sums[0][r][v], sums[u][r][v]);
      }
    }
  }
  avx512::store_tile<kRows, kVectors>(sums[0], args);
}

using Tile = void (*)(const TileArgs&);
template <bool kOffsets>
constexpr Tile kFull[] = {tile<kOffsets, 1, 2>,  tile<kOffsets, 2, 2>,  tile<kOffsets, 3, 2>,
                          tile<kOffsets, 4, 2>,  tile<kOffsets, 5, 2>,  tile<kOffsets, 6, 2>,
                          tile<kOffsets, 7, 2>,  tile<kOffsets, 8, 2>,  tile<kOffsets, 9, 2>,
                          tile<kOffsets, 10, 2>, tile<kOffsets, 11, 2>, tile<kOffsets, 12, 2>};
template <bool kOffsets>
constexpr Tile kHalf[] = {tile<kOffsets, 1, 1>,  tile<kOffsets, 2, 1>,  tile<kOffsets, 3, 1>,
                          tile<kOffsets, 4, 1>,  tile<kOffsets, 5, 1>,  tile<kOffsets, 6, 1>,
                          tile<kOffsets, 7, 1>,  tile<kOffsets, 8, 1>,  tile<kOffsets, 9, 1>,
                          tile<kOffsets, 10, 1>, tile<kOffsets, 11, 1>, tile<kOffsets, 12, 1>};

template <bool kOffsets>
void run(const TileArgs& args) {
  (args.half ? kHalf<kOffsets> : kFull<kOffsets>)[args.row_count - 1](args);
}

}  // namespace

void igemm_s8_12x32_avx512vnni(const TileArgs& args) {
  args.row_offsets == nullptr ? run<false>(args) : run<true>(args);
}

}  // namespace lathe::kernels
