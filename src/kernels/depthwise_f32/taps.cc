#include "kernels/depthwise_f32/args.h"

#define HWY_TARGET_INCLUDE "kernels/depthwise_f32/taps.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

// Pixels that share a loaded weight, and vectors of channels: their sums and the weights fit the
// registers, and hide the latency of each other's.
constexpr int kTapPixels = 6;
constexpr int kTapVectors = HWY_TARGET == HWY_AVX2 ? 2 : 4;

// The same address, but the compiler cannot see that it is a sum: GCC would otherwise compute the
// offset of every load before the loop and run out of registers for them.
template <typename T>
HWY_INLINE const T* hidden(const T* address) {
  asm("" : "+r"(address));
  return address;
}

// Of each channel c of the vector `own`, which lies at `at`, channel j of its group.
template <int kGroup, typename Stored>
HWY_INLINE VF32 of_group(VF32 own, const Stored* at, std::size_t channel, int j) {
  const F32 f;
  if constexpr (kGroup == 1) return own;
  if constexpr (kGroup == 2) return j == 0 ? hn::DupEven(own) : hn::DupOdd(own);
  if constexpr (kGroup == 4) {
    switch (j) {
      case 0:
        return hn::Broadcast<0>(own);
      case 1:
        return hn::Broadcast<1>(own);
      case 2:
        return hn::Broadcast<2>(own);
      default:
        return hn::Broadcast<3>(own);
    }
  }
  if constexpr (hn::MaxLanes(F32()) > kGroup) {
    // The first lane of each group, and j.
    const auto lane = hn::And(hn::Iota(I32(), 0), hn::Set(I32(), ~(kGroup - 1)));
    return hn::TableLookupLanes(own, hn::IndicesFromVec(f, hn::Add(lane, hn::Set(I32(), j))));
  } else {
    return load_all(f, at - channel % kGroup + j);
  }
}

// kCount pixels from `pixel`, kVectors vectors of channels, of which one may be a part.
template <int kGroup, int kCount, int kVectors, typename Stored>
HWY_INLINE void tap_tile(const DepthwiseF32Args<Stored>& args, std::size_t pixel,
                         std::size_t channel, std::size_t left) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const std::size_t count = kVectors == 1 ? left : lanes;
  VF32 sums[kCount][kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const VF32 bias = hn::LoadU(f, args.bias + channel + static_cast<std::size_t>(v) * lanes);
#pragma GCC unroll 6
    for (int i = 0; i < kCount; ++i) sums[i][v] = bias;
  }
  const std::size_t start = pixel * args.pixel_step + channel;
  for (std::size_t t = 0; t < args.tap_count; ++t) {
    const float* weights = args.taps[t].weights + channel;
#pragma GCC unroll 8
    for (int j = 0; j < kGroup; ++j, weights += args.weight_pitch) {
      weights = hidden(weights);
      const Stored* row = hidden(args.taps[t].in + start);
      VF32 weight[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v)
        weight[v] = hn::LoadU(f, weights + static_cast<std::size_t>(v) * lanes);
#pragma GCC unroll 6
      for (int i = 0; i < kCount; ++i) {
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          const std::size_t c = static_cast<std::size_t>(v) * lanes;
          const VF32 own = load_first(f, row + c, count);
          const VF32 value = of_group<kGroup>(own, row + c, channel + c, j);
          sums[i][v] = hn::MulAdd(value, weight[v], sums[i][v]);
        }
        row += args.pixel_step;
      }
    }
  }
  const VF32 low = hn::Set(f, args.min);
  const VF32 high = hn::Set(f, args.max);
  std::size_t at = pixel * args.out_step + channel;
#pragma GCC unroll 6
  for (int i = 0; i < kCount; ++i, at += args.out_step) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const std::size_t to = at + static_cast<std::size_t>(v) * lanes;
      VF32 value = sums[i][v];
      if (args.residual != nullptr)
        value = hn::Add(value, load_first(f, args.residual + to, count));
      store_first(clamp(value, low, high), f, args.out + to, count);
    }
  }
}

template <int kGroup, int kVectors, typename Stored>
void tap_pixels(const DepthwiseF32Args<Stored>& args, std::size_t channel, std::size_t left) {
  std::size_t pixel = 0;
  for (; pixel + kTapPixels <= args.pixel_count; pixel += kTapPixels)
    tap_tile<kGroup, kTapPixels, kVectors>(args, pixel, channel, left);
  for (; pixel < args.pixel_count; ++pixel)
    tap_tile<kGroup, 1, kVectors>(args, pixel, channel, left);
}

template <int kGroup, typename Stored>
void all_channels(const DepthwiseF32Args<Stored>& args) {
  const std::size_t lanes = hn::Lanes(F32());
  std::size_t channel = 0;
  for (; channel + kTapVectors * lanes <= args.channels; channel += kTapVectors * lanes)
    tap_pixels<kGroup, kTapVectors>(args, channel, lanes);
  if (kTapVectors > 2 && channel + 2 * lanes <= args.channels) {
    tap_pixels<kGroup, 2>(args, channel, lanes);
    channel += 2 * lanes;
  }
  for (; channel < args.channels; channel += lanes)
    tap_pixels<kGroup, 1>(args, channel, args.channels - channel);
}

template <typename Stored>
void any_pixels(const DepthwiseF32Args<Stored>& args) {
  switch (args.group) {
    case 1:
      return all_channels<1>(args);
    case 2:
      return all_channels<2>(args);
    case 4:
      return all_channels<4>(args);
    case 8:
      return all_channels<8>(args);
    default:
      return;
  }
}

}  // namespace

void depthwise_f32_pixels(const DepthwiseF32Args<float>& args) { any_pixels(args); }
void depthwise_f32_pixels(const DepthwiseF32Args<BFloat16>& args) { any_pixels(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
