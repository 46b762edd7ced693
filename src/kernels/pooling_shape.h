// The geometry of two-dimensional pooling on channels-last activations.
#pragma once

#include <cstdint>

namespace lathe::kernels {

enum class PoolingKind {
  kMax,
  kMean,             // of the inputs that a window has
  kMeanWithPadding,  // positions on padding count as zeros, but not those beyond the padding, which
                     // a rounded-up output size can reach
};

// From [batch, in_h, in_w, channels] to [batch, out_h, out_w, channels]. Output (y, x) sees inputs
// (y * stride_h - pad_top + ky * dilation_h, x * stride_w - pad_left + kx * dilation_w).
struct PoolingShape {
  std::int64_t batch = 1;
  std::int64_t in_h = 1;
  std::int64_t in_w = 1;
  std::int64_t channels = 1;
  std::int64_t out_h = 1;
  std::int64_t out_w = 1;
  std::int64_t kernel_h = 1;
  std::int64_t kernel_w = 1;
  std::int64_t stride_h = 1;
  std::int64_t stride_w = 1;
  std::int64_t dilation_h = 1;
  std::int64_t dilation_w = 1;
  std::int64_t pad_top = 0;
  std::int64_t pad_left = 0;
  std::int64_t pad_bottom = 0;
  std::int64_t pad_right = 0;
  bool operator==(const PoolingShape&) const = default;

  // The whole image as one window.
  static PoolingShape global(std::int64_t batch, std::int64_t in_h, std::int64_t in_w,
                             std::int64_t channels);
  // Sizes, strides and dilations positive, pads not negative.
  [[nodiscard]] bool valid() const;
};

}  // namespace lathe::kernels
