// The geometry of a two-dimensional convolution on channels-last activations.
#pragma once

#include <cstdint>

namespace lathe::kernels {

// Activations are [batch, in_h, in_w, in_c] and [batch, out_h, out_w, out_c], the last dimension
// contiguous. Weights are [out_c, in_c / groups, kernel_h, kernel_w], as in ONNX. Output (y, x)
// reads inputs (y * stride_h - pad_top + ky * dilation_h, x * stride_w - pad_left + kx *
// dilation_w); what lies outside of the image counts as zero, so the padding below and to the right
// follows from out_h and out_w. A fully connected layer is a 1x1 image with batch rows.
struct ConvolutionShape {
  std::int64_t batch = 1;
  std::int64_t in_h = 1;
  std::int64_t in_w = 1;
  std::int64_t in_c = 1;
  std::int64_t out_h = 1;
  std::int64_t out_w = 1;
  std::int64_t out_c = 1;
  std::int64_t kernel_h = 1;
  std::int64_t kernel_w = 1;
  std::int64_t stride_h = 1;
  std::int64_t stride_w = 1;
  std::int64_t dilation_h = 1;
  std::int64_t dilation_w = 1;
  std::int64_t pad_top = 0;
  std::int64_t pad_left = 0;
  std::int64_t groups = 1;
  bool operator==(const ConvolutionShape&) const = default;

  // Every size positive, pads not negative, groups a divisor of in_c and out_c.
  [[nodiscard]] bool valid() const;
  // Multiply-accumulates of one run, those on padding included.
  [[nodiscard]] std::int64_t macs() const;
  [[nodiscard]] std::int64_t taps() const { return kernel_h * kernel_w; }
  [[nodiscard]] std::int64_t out_pixels() const { return batch * out_h * out_w; }
  [[nodiscard]] std::int64_t group_in_c() const { return in_c / groups; }
  [[nodiscard]] std::int64_t group_out_c() const { return out_c / groups; }
  // Each output channel reads one input channel alone.
  [[nodiscard]] bool is_depthwise() const { return groups > 1 && groups == in_c; }
  // Output pixel i reads input pixel i and no other.
  [[nodiscard]] bool is_pointwise() const;
};

}  // namespace lathe::kernels
