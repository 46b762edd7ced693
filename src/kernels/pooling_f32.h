// Two-dimensional float32 pooling on channels-last activations.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "base/thread_pool.h"

namespace lathe::kernels {

struct PoolingF32Kernel;

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

  // The whole image as one window.
  static PoolingShape global(std::int64_t batch, std::int64_t in_h, std::int64_t in_w,
                             std::int64_t channels);
  // Sizes, strides and dilations positive, pads not negative.
  [[nodiscard]] bool valid() const;
};

// The largest input of each window. Padding never counts; a window without any input gives
// -infinity. Immutable; may run on several threads at once.
class MaxPool2d {
 public:
  // `shape` must be valid(). Takes the best kernel for `isa` or less, which the machine must
  // support.
  MaxPool2d(const PoolingShape& shape, Isa isa);
  void run(const float* in, float* out, ThreadPool& pool) const;

 private:
  PoolingShape shape_;
  const PoolingF32Kernel* kernel_;
};

// The mean of each window. With `count_include_pad` the positions on padding count as zeros, but
// not those beyond the padding, which a rounded-up output size can reach; otherwise only inputs
// count. A window of which nothing counts gives 0. Immutable; may run on several threads at once.
class AveragePool2d {
 public:
  AveragePool2d(const PoolingShape& shape, bool count_include_pad, Isa isa);
  void run(const float* in, float* out, ThreadPool& pool) const;

 private:
  PoolingShape shape_;
  bool count_include_pad_;
  const PoolingF32Kernel* kernel_;
};

// The mean of each channel over the image: [batch, in_h, in_w, channels] to [batch, channels].
class GlobalAveragePool2d : public AveragePool2d {
 public:
  GlobalAveragePool2d(std::int64_t batch, std::int64_t in_h, std::int64_t in_w,
                      std::int64_t channels, Isa isa)
      : AveragePool2d(PoolingShape::global(batch, in_h, in_w, channels), false, isa) {}
};

}  // namespace lathe::kernels
