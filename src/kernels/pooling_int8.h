// Two-dimensional pooling on 8-bit activations, channels-last.
//
//   maximum:  y = max of x over the window; input and output share type, scale and zero point.
//   average:  y = clamp(round_half_even(float32(sum) * multiplier(count)) + zy, min, max)
//             sum = sum of (x - zx) over the window, int32
//             multiplier(count) = float32(scale_ratio / float32(count)), scale_ratio = sx / sy
//
// Padding never adds to a maximum or a sum. count is the number of input pixels in the window; with
// `count_include_pad` those on padding count too, but not those beyond the padding. The rest is as
// in kernels/requantize.h. The same bits come out of every variant and any number of threads. A
// window without any input gives the lowest value of the type (maximum) or the zero point, clamped
// (average).
#pragma once

#include <cstdint>
#include <vector>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "kernels/pooling_f32.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

struct PoolingInt8Kernel;

// Immutable: several threads may run it at once.
class MaxPoolInt8 {
 public:
  // `shape` is valid(). Takes the best variant up to `isa`.
  MaxPoolInt8(const PoolingShape& shape, bool is_signed, Isa isa);
  // One byte a value: `in` [batch, in_h, in_w, channels], `out` [batch, out_h, out_w, channels].
  void run(const void* in, void* out, ThreadPool& pool) const;

 private:
  PoolingShape shape_;
  std::uint8_t flip_;
  const PoolingInt8Kernel* kernel_;
};

struct AveragePoolInt8Parameters {
  QuantizedActivation input = {};
  QuantizedActivation output = {};
  float scale_ratio = 1;  // scale of the input / scale of the output
  bool count_include_pad = false;
  std::int32_t min = 0;  // in output units, within its type: they express a fused activation
  std::int32_t max = 255;
};

// Immutable: several threads may run it at once.
class AveragePoolInt8 {
 public:
  // The window has at most 2^23 pixels, so that sums fit. PoolingShape::global() makes it the whole
  // image. Takes the best variant up to `isa`.
  AveragePoolInt8(const PoolingShape& shape, const AveragePoolInt8Parameters& parameters, Isa isa);
  // As MaxPoolInt8::run().
  void run(const void* in, void* out, ThreadPool& pool) const;

 private:
  PoolingShape shape_;
  AveragePoolInt8Parameters parameters_;
  RequantizeArgs requantize_;
  const PoolingInt8Kernel* kernel_;
};

}  // namespace lathe::kernels
