#include <immintrin.h>

#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 8;
// Pixels that share a loaded weight: kPixels * 2 sums, 2 weights and an input fit the 16 registers,
// and hide the latency of the sums.
constexpr int kPixels = 4;

__m256i first_lanes(std::size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// kRows pixels from `pixel`, kVectors * 8 channels from `channel`; kMasked takes the only vector's
// lanes from `mask`.
template <int kRows, int kVectors, bool kMasked>
void tile(const DepthwiseF32Args& args, std::size_t pixel, std::size_t channel, __m256i mask) {
  __m256 sums[kRows][kVectors];
  const float* weights = args.weights + channel;
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const __m256 bias = _mm256_load_ps(weights + static_cast<std::size_t>(v) * kLanes);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) sums[i][v] = bias;
  }
  const float* const* rows = args.rows + pixel;
  for (std::size_t tap = 0; tap < args.taps; ++tap, rows += args.row_pitch) {
    weights += args.channel_pitch;
    __m256 weight[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      weight[v] = _mm256_load_ps(weights + static_cast<std::size_t>(v) * kLanes);
    }
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      const float* row = rows[i] + channel;
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const float* at = row + static_cast<std::size_t>(v) * kLanes;
        const __m256 value = kMasked ? _mm256_maskload_ps(at, mask) : _mm256_loadu_ps(at);
        sums[i][v] = _mm256_fmadd_ps(value, weight[v], sums[i][v]);
      }
    }
  }
  const __m256 low = _mm256_set1_ps(args.min);
  const __m256 high = _mm256_set1_ps(args.max);
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const std::size_t at = (pixel + static_cast<std::size_t>(i)) * args.channels + channel +
                             static_cast<std::size_t>(v) * kLanes;
      __m256 value = sums[i][v];
      if (args.residual != nullptr) {
        const float* residual = args.residual + at;
        value = _mm256_add_ps(
            value, kMasked ? _mm256_maskload_ps(residual, mask) : _mm256_loadu_ps(residual));
      }
      value = _mm256_min_ps(high, _mm256_max_ps(low, value));
      if constexpr (kMasked) {
        _mm256_maskstore_ps(args.out + at, mask, value);
      } else {
        _mm256_storeu_ps(args.out + at, value);
      }
    }
  }
}

template <int kRows>
void all_channels(const DepthwiseF32Args& args, std::size_t pixel) {
  const __m256i all = _mm256_set1_epi32(-1);
  std::size_t channel = 0;
  for (; channel + 2 * kLanes <= args.channels; channel += 2 * kLanes) {
    tile<kRows, 2, false>(args, pixel, channel, all);
  }
  if (channel + kLanes <= args.channels) {
    tile<kRows, 1, false>(args, pixel, channel, all);
    channel += kLanes;
  }
  if (channel < args.channels) {
    tile<kRows, 1, true>(args, pixel, channel, first_lanes(args.channels - channel));
  }
}

}  // namespace

void depthwise_f32_avx2(const DepthwiseF32Args& args) {
  std::size_t pixel = 0;
  for (; pixel + kPixels <= args.pixel_count; pixel += kPixels) all_channels<kPixels>(args, pixel);
  for (; pixel < args.pixel_count; ++pixel) all_channels<1>(args, pixel);
}

}  // namespace lathe::kernels
