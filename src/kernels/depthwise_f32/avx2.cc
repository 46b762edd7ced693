#include "kernels/vector_math/avx2.h"

#include <immintrin.h>

#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 8;
// Pixels that share a loaded weight: kPixels * 2 sums, 2 weights and an input fit the 16 registers,
// and hide the latency of the sums.
constexpr int kPixels = 6;

// The same address, but the compiler cannot see that it is a sum: GCC would otherwise compute the
// offset of every load before the loop and run out of registers for them.
const float* hidden(const float* address) {
  asm("" : "+r"(address));
  return address;
}

// kRows pixels from `pixel`, kVectors * 8 channels from `channel`; kMasked takes the only vector's
// lanes from `mask`.
template <int kRows, int kVectors, bool kMasked>
void tile(const DepthwiseF32Args& args, std::size_t pixel, std::size_t channel, __m256i mask) {
  __m256 sums[kRows][kVectors];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const __m256 bias = _mm256_load_ps(args.bias + channel + static_cast<std::size_t>(v) * kLanes);
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) sums[i][v] = bias;
  }
  const std::size_t start = pixel * args.pixel_step + channel;
  for (std::size_t t = 0; t < args.tap_count; ++t) {
    const float* weights = hidden(args.taps[t].weights + channel);
    const float* row = hidden(args.taps[t].in + start);
    __m256 weight[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      weight[v] = _mm256_load_ps(weights + static_cast<std::size_t>(v) * kLanes);
    }
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const float* at = row + static_cast<std::size_t>(v) * kLanes;
        const __m256 value = kMasked ? _mm256_maskload_ps(at, mask) : _mm256_loadu_ps(at);
        sums[i][v] = _mm256_fmadd_ps(value, weight[v], sums[i][v]);
      }
      row += args.pixel_step;
    }
  }
  const __m256 low = _mm256_set1_ps(args.min);
  const __m256 high = _mm256_set1_ps(args.max);
  const std::size_t step = args.out_step;
  const std::size_t first = pixel * step + channel;
  if (args.residual != nullptr) {
    const float* residual = args.residual + first;
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i, residual += step) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const float* at = residual + static_cast<std::size_t>(v) * kLanes;
        sums[i][v] =
            _mm256_add_ps(sums[i][v], kMasked ? _mm256_maskload_ps(at, mask) : _mm256_loadu_ps(at));
      }
    }
  }
  float* out = args.out + first;
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i, out += step) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const __m256 value = _mm256_min_ps(high, _mm256_max_ps(low, sums[i][v]));
      float* at = out + static_cast<std::size_t>(v) * kLanes;
      if constexpr (kMasked) {
        _mm256_maskstore_ps(at, mask, value);
      } else {
        _mm256_storeu_ps(at, value);
      }
    }
  }
}

template <int kVectors, bool kMasked>
void all_pixels(const DepthwiseF32Args& args, std::size_t channel, __m256i mask) {
  std::size_t pixel = 0;
  for (; pixel + kPixels <= args.pixel_count; pixel += kPixels) {
    tile<kPixels, kVectors, kMasked>(args, pixel, channel, mask);
  }
  switch (args.pixel_count - pixel) {
    case 1:
      return tile<1, kVectors, kMasked>(args, pixel, channel, mask);
    case 2:
      return tile<2, kVectors, kMasked>(args, pixel, channel, mask);
    case 3:
      return tile<3, kVectors, kMasked>(args, pixel, channel, mask);
    case 4:
      return tile<4, kVectors, kMasked>(args, pixel, channel, mask);
    case 5:
      return tile<5, kVectors, kMasked>(args, pixel, channel, mask);
    default:
      return;
  }
}

}  // namespace

void depthwise_f32_avx2(const DepthwiseF32Args& args) {
  const __m256i all = _mm256_set1_epi32(-1);
  std::size_t channel = 0;
  for (; channel + 2 * kLanes <= args.channels; channel += 2 * kLanes) {
    all_pixels<2, false>(args, channel, all);
  }
  if (channel + kLanes <= args.channels) {
    all_pixels<1, false>(args, channel, all);
    channel += kLanes;
  }
  if (channel < args.channels) {
    all_pixels<1, true>(args, channel, avx2::first_lanes(args.channels - channel));
  }
}

}  // namespace lathe::kernels
