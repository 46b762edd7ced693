#include <immintrin.h>

#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 16;
// Pixels that share a loaded weight: kPixels * 4 sums and 4 weights fit the 32 registers, and hide
// the latency of the sums.
constexpr int kPixels = 4;

// The same address, but the compiler cannot see that it is a sum: GCC would otherwise compute the
// offset of every load before the loop and run out of registers for them.
const float* hidden(const float* address) {
  asm("" : "+r"(address));
  return address;
}

void store(const DepthwiseF32Args& args, std::size_t at, __m512 value, __mmask16 mask) {
  if (args.residual != nullptr) {
    value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, args.residual + at));
  }
  value = _mm512_max_ps(_mm512_set1_ps(args.min), value);
  value = _mm512_min_ps(_mm512_set1_ps(args.max), value);
  _mm512_mask_storeu_ps(args.out + at, mask, value);
}

// kRows pixels from `pixel`, kVectors * 16 channels from `channel`; `mask` holds for the only
// vector.
template <int kRows, int kVectors>
void tile(const DepthwiseF32Args& args, std::size_t pixel, std::size_t channel, __mmask16 mask) {
  __m512 sums[kRows][kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const __m512 bias = _mm512_load_ps(args.bias + channel + static_cast<std::size_t>(v) * kLanes);
#pragma GCC unroll 4
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
#pragma GCC unroll 4
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
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
    const std::size_t at = (pixel + static_cast<std::size_t>(i)) * args.channels + channel;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      store(args, at + static_cast<std::size_t>(v) * kLanes, sums[i][v],
            kVectors == 1 ? mask : static_cast<__mmask16>(0xffff));
    }
  }
}

template <int kVectors>
void all_pixels(const DepthwiseF32Args& args, std::size_t channel, __mmask16 mask) {
  std::size_t pixel = 0;
  for (; pixel + kPixels <= args.pixel_count; pixel += kPixels) {
    tile<kPixels, kVectors>(args, pixel, channel, mask);
  }
  for (; pixel < args.pixel_count; ++pixel) tile<1, kVectors>(args, pixel, channel, mask);
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
