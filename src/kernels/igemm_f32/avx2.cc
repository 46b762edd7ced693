#include <immintrin.h>

#include "kernels/igemm_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr int kLanes = 8;

// A fused multiply-add takes 4 cycles and 2 start in each, so that 8 sums must be under way at
// once. Short tiles get there by splitting each sum into chains over alternate k.
constexpr int chains(int rows, int vectors) {
  return rows * vectors >= 8 ? 1 : rows * vectors >= 4 ? 2 : 4;
}

// Adds the residual, clamps and stores. kMasked leaves the columns beyond the tile's alone.
template <int kRows, int kVectors, bool kMasked>
void finish(const IgemmF32Args& args, __m256 (*sums)[kVectors]) {
  __m256i masks[kVectors];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    masks[v] = _mm256_cmpgt_epi32(_mm256_set1_epi32(args.column_count - v * kLanes),
                                  _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  const std::size_t stride = args.out_stride;
  if (args.residual != nullptr) {
    const float* residual = args.residual;
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i, residual += stride) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const float* at = residual + v * kLanes;
        sums[i][v] = _mm256_add_ps(
            sums[i][v], kMasked ? _mm256_maskload_ps(at, masks[v]) : _mm256_loadu_ps(at));
      }
    }
  }
  const __m256 low = _mm256_set1_ps(args.min);
  const __m256 high = _mm256_set1_ps(args.max);
  float* out = args.out;
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i, out += stride) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const __m256 value = _mm256_min_ps(high, _mm256_max_ps(low, sums[i][v]));
      if constexpr (kMasked) {
        _mm256_maskstore_ps(out + v * kLanes, masks[v], value);
      } else {
        _mm256_storeu_ps(out + v * kLanes, value);
      }
    }
  }
}

template <int kRows, int kVectors>
void tile(const IgemmF32Args& args) {
  constexpr int kChains = chains(kRows, kVectors);
  constexpr std::size_t kNr = static_cast<std::size_t>(kVectors * kLanes);
  __m256 sums[kChains][kRows][kVectors];
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      sums[0][i][v] = _mm256_load_ps(args.panel + v * kLanes);
#pragma GCC unroll 4
      for (int c = 1; c < kChains; ++c) sums[c][i][v] = _mm256_setzero_ps();
    }
  }
  const float* weights = args.panel + kNr;
  for (std::size_t tap = 0; tap < args.taps; ++tap) {
    const float* rows[kRows];
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) {
      rows[i] = args.rows[tap * args.row_pitch + static_cast<std::size_t>(i)] + args.offset;
    }
    std::size_t k = 0;
    for (; k + kChains <= args.depth; k += kChains) {
#pragma GCC unroll 4
      for (int c = 0; c < kChains; ++c) {
        __m256 columns[kVectors];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          columns[v] = _mm256_load_ps(weights + v * kLanes);
        }
        weights += kNr;
#pragma GCC unroll 6
        for (int i = 0; i < kRows; ++i) {
          const __m256 value = _mm256_set1_ps(rows[i][k + static_cast<std::size_t>(c)]);
#pragma GCC unroll 2
          for (int v = 0; v < kVectors; ++v) {
            sums[c][i][v] = _mm256_fmadd_ps(value, columns[v], sums[c][i][v]);
          }
        }
      }
    }
    if constexpr (kChains > 1) {
      for (; k < args.depth; ++k, weights += kNr) {
#pragma GCC unroll 6
        for (int i = 0; i < kRows; ++i) {
          const __m256 value = _mm256_set1_ps(rows[i][k]);
#pragma GCC unroll 2
          for (int v = 0; v < kVectors; ++v) {
            const __m256 column = _mm256_load_ps(weights + v * kLanes);
            sums[0][i][v] = _mm256_fmadd_ps(value, column, sums[0][i][v]);
          }
        }
      }
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 4
      for (int c = 1; c < kChains; ++c) {
        sums[0][i][v] = _mm256_add_ps(sums[0][i][v], sums[c][i][v]);
      }
    }
  }
  if (args.column_count == static_cast<int>(kNr)) {
    finish<kRows, kVectors, false>(args, sums[0]);
  } else {
    finish<kRows, kVectors, true>(args, sums[0]);
  }
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
    default:
      return tile<6, kVectors>(args);
  }
}

}  // namespace

void igemm_f32_6x16_avx2(const IgemmF32Args& args) { dispatch<2>(args); }
void igemm_f32_6x8_avx2(const IgemmF32Args& args) { dispatch<1>(args); }

}  // namespace lathe::kernels
