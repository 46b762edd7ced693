#include <immintrin.h>

#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 16;
// Pixels that share a loaded weight: kPixels * 4 sums and 4 weights fit the 32 registers, and hide
// the latency of the sums.
constexpr int kPixels = 6;

// The same address, but the compiler cannot see that it is a sum: GCC would otherwise compute the
// offset of every load before the loop and run out of registers for them.
const float* hidden(const float* address) {
  asm("" : "+r"(address));
  return address;
}

// kRows pixels from `pixel`, kVectors * 16 channels from `channel`; `mask` holds for the only
// vector.
template <int kRows, int kVectors>
void tile(const DepthwiseF32Args& args, std::size_t pixel, std::size_t channel, __mmask16 mask) {
  __m512 sums[kRows][kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const __m512 bias = _mm512_load_ps(args.bias + channel + static_cast<std::size_t>(v) * kLanes);
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) sums[i][v] = bias;
  }
  const std::size_t start = pixel * args.pixel_step + channel;
  for (std::size_t t = 0; t < args.tap_count; ++t) {
    const float* weights = hidden(args.taps[t].weights + channel);
    const float* row = hidden(args.taps[t].in + start);
    __m512 weight[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      weight[v] = _mm512_load_ps(weights + static_cast<std::size_t>(v) * kLanes);
    }
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const float* at = row + static_cast<std::size_t>(v) * kLanes;
        const __m512 value = kVectors == 1 ? _mm512_maskz_loadu_ps(mask, at) : _mm512_loadu_ps(at);
        sums[i][v] = _mm512_fmadd_ps(value, weight[v], sums[i][v]);
      }
      row += args.pixel_step;
    }
  }
  const __m512 low = _mm512_set1_ps(args.min);
  const __m512 high = _mm512_set1_ps(args.max);
  const std::size_t step = args.out_step;
  const std::size_t first = pixel * step + channel;
  if (args.residual != nullptr) {
    const float* residual = args.residual + first;
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i, residual += step) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const float* at = residual + static_cast<std::size_t>(v) * kLanes;
        sums[i][v] = _mm512_add_ps(
            sums[i][v], kVectors == 1 ? _mm512_maskz_loadu_ps(mask, at) : _mm512_loadu_ps(at));
      }
    }
  }
  float* out = args.out + first;
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i, out += step) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const __m512 value = _mm512_min_ps(high, _mm512_max_ps(low, sums[i][v]));
      float* at = out + static_cast<std::size_t>(v) * kLanes;
      if constexpr (kVectors == 1) {
        _mm512_mask_storeu_ps(at, mask, value);
      } else {
        _mm512_storeu_ps(at, value);
      }
    }
  }
}

template <int kVectors>
void all_pixels(const DepthwiseF32Args& args, std::size_t channel, __mmask16 mask) {
  std::size_t pixel = 0;
  for (; pixel + kPixels <= args.pixel_count; pixel += kPixels) {
    tile<kPixels, kVectors>(args, pixel, channel, mask);
  }
  switch (args.pixel_count - pixel) {
    case 1:
      return tile<1, kVectors>(args, pixel, channel, mask);
    case 2:
      return tile<2, kVectors>(args, pixel, channel, mask);
    case 3:
      return tile<3, kVectors>(args, pixel, channel, mask);
    case 4:
      return tile<4, kVectors>(args, pixel, channel, mask);
    case 5:
      return tile<5, kVectors>(args, pixel, channel, mask);
    default:
      return;
  }
}

}  // namespace

void depthwise_f32_avx512(const DepthwiseF32Args& args) {
  std::size_t channel = 0;
  for (; channel + 4 * kLanes <= args.channels; channel += 4 * kLanes) {
    all_pixels<4>(args, channel, 0xffff);
  }
  if (channel + 2 * kLanes <= args.channels) {
    all_pixels<2>(args, channel, 0xffff);
    channel += 2 * kLanes;
  }
  for (; channel < args.channels; channel += kLanes) {
    const std::size_t left = args.channels - channel;
    const unsigned mask = left >= kLanes ? 0xffffU : (1U << left) - 1U;
    all_pixels<1>(args, channel, static_cast<__mmask16>(mask));
  }
}

}  // namespace lathe::kernels
