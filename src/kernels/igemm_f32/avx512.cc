#include <immintrin.h>

#include "kernels/igemm_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 16;
// How far ahead weights are fetched into the level 2 cache, in floats: some of the time that memory
// takes to send them. The level 1 cache has no room for more.
constexpr std::size_t kAhead = 1024;

// A fused multiply-add takes 4 cycles and 2 start in each, so that 8 sums must be under way at
// once. Short tiles get there by splitting each sum into chains over alternate k.
constexpr int chains(int rows, int vectors) {
  return rows * vectors >= 8 ? 1 : rows * vectors >= 4 ? 2 : 4;
}

// What is read or written once the sums are there is far away, and comes while they are computed.
template <int kRows, int kVectors>
void fetch(const float* at, std::size_t stride) {
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i, at += stride) {
    __builtin_prefetch(at, 1);
    if constexpr (kVectors > 1) __builtin_prefetch(at + kLanes, 1);
  }
}

// Adds the residual, clamps and stores; the columns beyond the tile's are left alone.
template <int kRows, int kVectors>
void finish(const IgemmF32Args& args, __m512 (*sums)[kVectors]) {
  __mmask16 masks[kVectors];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const int columns = args.column_count - v * static_cast<int>(kLanes);
    masks[v] = columns >= static_cast<int>(kLanes) ? static_cast<__mmask16>(0xffff)
               : columns <= 0                      ? static_cast<__mmask16>(0)
                              : static_cast<__mmask16>((1U << static_cast<unsigned>(columns)) - 1U);
  }
  const std::size_t stride = args.out_stride;
  if (args.residual != nullptr) {
    const float* residual = args.residual;
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i, residual += stride) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const float* at = residual + static_cast<std::size_t>(v) * kLanes;
        sums[i][v] = _mm512_add_ps(sums[i][v], _mm512_maskz_loadu_ps(masks[v], at));
      }
    }
  }
  const __m512 low = _mm512_set1_ps(args.min);
  const __m512 high = _mm512_set1_ps(args.max);
  float* out = args.out;
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i, out += stride) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      _mm512_mask_storeu_ps(out + static_cast<std::size_t>(v) * kLanes, masks[v],
                            _mm512_min_ps(high, _mm512_max_ps(low, sums[i][v])));
    }
  }
}

template <int kRows, int kVectors>
void tile(const IgemmF32Args& args) {
  constexpr int kChains = chains(kRows, kVectors);
  constexpr std::size_t kNr = kVectors * kLanes;
  fetch<kRows, kVectors>(args.out, args.out_stride);
  if (args.residual != nullptr) fetch<kRows, kVectors>(args.residual, args.out_stride);
  __m512 sums[kChains][kRows][kVectors];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      sums[0][i][v] = _mm512_load_ps(args.panel + static_cast<std::size_t>(v) * kLanes);
#pragma GCC unroll 4
      for (int c = 1; c < kChains; ++c) sums[c][i][v] = _mm512_setzero_ps();
    }
  }
  const float* weights = args.panel + kNr;
  for (std::size_t tap = 0; tap < args.taps; ++tap) {
    const float* rows[kRows];
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      rows[i] = args.rows[tap * args.row_pitch + static_cast<std::size_t>(i)] + args.offset;
    }
    std::size_t k = 0;
    for (; k + kChains <= args.depth; k += kChains) {
#pragma GCC unroll 4
      for (int c = 0; c < kChains; ++c) {
        __m512 columns[kVectors];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          columns[v] = _mm512_load_ps(weights + static_cast<std::size_t>(v) * kLanes);
          __builtin_prefetch(weights + kAhead + static_cast<std::size_t>(v) * kLanes, 0, 2);
        }
        weights += kNr;
#pragma GCC unroll 12
        for (int i = 0; i < kRows; ++i) {
          const __m512 value = _mm512_set1_ps(rows[i][k + static_cast<std::size_t>(c)]);
#pragma GCC unroll 2
          for (int v = 0; v < kVectors; ++v) {
            sums[c][i][v] = _mm512_fmadd_ps(value, columns[v], sums[c][i][v]);
          }
        }
      }
    }
    if constexpr (kChains > 1) {
      for (; k < args.depth; ++k, weights += kNr) {
#pragma GCC unroll 12
        for (int i = 0; i < kRows; ++i) {
          const __m512 value = _mm512_set1_ps(rows[i][k]);
#pragma GCC unroll 2
          for (int v = 0; v < kVectors; ++v) {
            const __m512 column = _mm512_load_ps(weights + static_cast<std::size_t>(v) * kLanes);
            sums[0][i][v] = _mm512_fmadd_ps(value, column, sums[0][i][v]);
          }
        }
      }
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 4
      for (int c = 1; c < kChains; ++c) {
        sums[0][i][v] = _mm512_add_ps(sums[0][i][v], sums[c][i][v]);
      }
    }
  }
  finish<kRows, kVectors>(args, sums[0]);
}

template <int kVectors>
void dispatch(const IgemmF32Args& args) {
  switch (args.row_count) {
    case 1:
      return tile<1, kVectors>(args);
    case 2:
      return tile<2, kVectors>(args);
    case 3:
      return tile<3, kVectors>(args);
    case 4:
      return tile<4, kVectors>(args);
    case 5:
      return tile<5, kVectors>(args);
    case 6:
      return tile<6, kVectors>(args);
    case 7:
      return tile<7, kVectors>(args);
    case 8:
      return tile<8, kVectors>(args);
    case 9:
      return tile<9, kVectors>(args);
    case 10:
      return tile<10, kVectors>(args);
    case 11:
      return tile<11, kVectors>(args);
    default:
      return tile<12, kVectors>(args);
  }
}

}  // namespace

void igemm_f32_12x32_avx512(const IgemmF32Args& args) { dispatch<2>(args); }
void igemm_f32_12x16_avx512(const IgemmF32Args& args) { dispatch<1>(args); }

}  // namespace lathe::kernels
