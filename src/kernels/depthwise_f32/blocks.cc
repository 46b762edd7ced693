#include "kernels/depthwise_f32/args.h"

#define HWY_TARGET_INCLUDE "kernels/depthwise_f32/blocks.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

// Pixels of a row that are summed at once: neighbours share most of what they read.
constexpr int kPixels = 4;

// kRows rows of kCount pixels from `pixel`, one vector of channels. All loops have constant bounds,
// so that sums and weights stay in registers.
template <int kKernel, int kStride, int kRows, int kCount, typename Stored>
HWY_INLINE void tile(const DepthwiseF32BlockArgs<Stored>& args,
                     const VF32 (&weights)[kKernel][kKernel], VF32 bias, std::size_t pixel,
                     std::size_t channel, std::size_t left) {
  const F32 f;
  VF32 sums[kRows][kCount];
#pragma GCC unroll 2
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int p = 0; p < kCount; ++p) sums[r][p] = bias;
  }
  const std::size_t start = pixel * kStride * args.pixel_step + channel;
#pragma GCC unroll 8
  for (int y = 0; y < kKernel + (kRows - 1) * kStride; ++y) {
    if (args.lines[y] == nullptr) continue;
    const Stored* at = args.lines[y] + start;
#pragma GCC unroll 16
    for (int x = 0; x < kKernel + (kCount - 1) * kStride; ++x, at += args.pixel_step) {
      const VF32 value = load_first(f, at, left);
#pragma GCC unroll 2
      for (int r = 0; r < kRows; ++r) {
        const int ky = y - r * kStride;
        if (ky < 0 || ky >= kKernel) continue;
#pragma GCC unroll 4
        for (int p = 0; p < kCount; ++p) {
          const int kx = x - p * kStride;
          if (kx < 0 || kx >= kKernel) continue;
          sums[r][p] = hn::MulAdd(value, weights[ky][kx], sums[r][p]);
        }
      }
    }
  }
  const VF32 low = hn::Set(f, args.min);
  const VF32 high = hn::Set(f, args.max);
#pragma GCC unroll 2
  for (int r = 0; r < kRows; ++r) {
    const std::size_t out =
        static_cast<std::size_t>(r) * args.out_row_step + pixel * args.out_step + channel;
#pragma GCC unroll 4
    for (int p = 0; p < kCount; ++p) {
      const std::size_t to = out + static_cast<std::size_t>(p) * args.out_step;
      VF32 value = sums[r][p];
      if (args.residual != nullptr) value = hn::Add(value, load_first(f, args.residual + to, left));
      store_first(clamp(value, low, high), f, args.out + to, left);
    }
  }
}

// The pixels from `begin` to `end`, one vector of channels after the other.
template <int kKernel, int kStride, int kRows, typename Stored>
void segment(const DepthwiseF32BlockArgs<Stored>& args, std::size_t begin, std::size_t end) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  for (std::size_t c = 0; c < args.channels; c += lanes) {
    const std::size_t left = args.channels - c;
    const VF32 bias = hn::LoadU(f, args.bias + c);
    VF32 weights[kKernel][kKernel];
#pragma GCC unroll 5
    for (int y = 0; y < kKernel; ++y) {
#pragma GCC unroll 5
      for (int x = 0; x < kKernel; ++x) {
        weights[y][x] = hn::LoadU(
            f, args.weights + static_cast<std::size_t>(y * kKernel + x) * args.weight_pitch + c);
      }
    }
    std::size_t pixel = begin;
    for (; pixel + kPixels <= end; pixel += kPixels)
      tile<kKernel, kStride, kRows, kPixels>(args, weights, bias, pixel, c, left);
    for (; pixel < end; ++pixel)
      tile<kKernel, kStride, kRows, 1>(args, weights, bias, pixel, c, left);
  }
}

// As many pixels at a time as the level 1 cache holds with all their channels, so that what is
// fetched of each is used before it goes.
template <int kKernel, int kStride, int kRows, typename Stored>
void block(const DepthwiseF32BlockArgs<Stored>& args) {
  constexpr std::size_t kBytes = 16 * 1024;
  constexpr std::size_t kLines = kKernel + (kRows - 1) * kStride;
  const std::size_t pixel_bytes = kLines * kStride * args.pixel_step * sizeof(Stored);
  const std::size_t pixels = (kBytes / pixel_bytes / kPixels + 2) * kPixels;
  for (std::size_t begin = 0; begin < args.pixel_count; begin += pixels) {
    const std::size_t end = begin + pixels;
    segment<kKernel, kStride, kRows>(args, begin, end < args.pixel_count ? end : args.pixel_count);
  }
}

template <typename Stored>
void any_block(const DepthwiseF32BlockArgs<Stored>& args) {
  if (args.kernel == 3 && args.stride == 1) {
    args.rows == 2 ? block<3, 1, 2>(args) : block<3, 1, 1>(args);
  } else if (args.kernel == 3 && args.stride == 2) {
    args.rows == 2 ? block<3, 2, 2>(args) : block<3, 2, 1>(args);
  } else if (args.kernel == 5 && args.stride == 1) {
    args.rows == 2 ? block<5, 1, 2>(args) : block<5, 1, 1>(args);
  } else if (args.kernel == 5 && args.stride == 2) {
    args.rows == 2 ? block<5, 2, 2>(args) : block<5, 2, 1>(args);
  }
}

}  // namespace

void depthwise_f32_block(const DepthwiseF32BlockArgs<float>& args) { any_block(args); }
void depthwise_f32_block(const DepthwiseF32BlockArgs<BFloat16>& args) { any_block(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
