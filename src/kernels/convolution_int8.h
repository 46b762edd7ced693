// Two-dimensional convolution on 8-bit activations, channels-last.
//
//   acc[c] = bias[c] + sum over taps and channels of (x - input.zero_point) * w    (int32)
//   y[c]   = clamp(round_half_even(float32(acc[c]) * multipliers[c]) + zero_point, min, max)
//
// with the details of kernels/requantize.h, or y[c] = float32(acc[c]) * multipliers[c] for float32
// output. Padding counts as input.zero_point, so it adds nothing. acc is exact as long as it fits
// in an int32 (|x - zero_point| * |w| <= 32,640, so any sum of up to 65,000 terms does) and wraps
// modulo 2^32 beyond. The same bits come out of every variant and any number of threads.
//
// A fully connected layer is a 1x1 convolution of a 1x1 image with batch rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "kernels/convolution_shape.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

// One layer with its weights packed for one variant. Immutable: several threads may run it at once,
// each with scratch of its own.
class ConvolutionInt8 {
 public:
  // `weights` is OIHW [out_c, in_c / groups, kernel_h, kernel_w], `bias` [out_c] or empty. The
  // shape is valid(), spans have the sizes the shape asks for, zero points and bounds lie in their
  // types' ranges: the caller has checked what came from a file, and a fault here stops the
  // program. Takes the best variant for instruction sets up to `isa`, which the machine must
  // support.
  static std::unique_ptr<ConvolutionInt8> create(const ConvolutionShape& shape,
                                                 std::span<const std::int8_t> weights,
                                                 std::span<const std::int32_t> bias,
                                                 QuantizedActivation input,
                                                 const RequantizeParameters& requantize, Isa isa);
  static std::unique_ptr<ConvolutionInt8> create_float_output(const ConvolutionShape& shape,
                                                              std::span<const std::int8_t> weights,
                                                              std::span<const std::int32_t> bias,
                                                              QuantizedActivation input,
                                                              std::span<const float> multipliers,
                                                              Isa isa);

  ConvolutionInt8() = default;
  ConvolutionInt8(const ConvolutionInt8&) = delete;
  ConvolutionInt8& operator=(const ConvolutionInt8&) = delete;
  virtual ~ConvolutionInt8() = default;

  // What run() needs of scratch for a pool of that many threads. No alignment is asked for.
  [[nodiscard]] virtual std::size_t scratch_bytes(int threads) const = 0;
  // Weights, biases and multipliers as packed.
  [[nodiscard]] virtual std::size_t packed_bytes() const = 0;
  [[nodiscard]] virtual const char* kernel_name() const = 0;

  // `in` [batch, in_h, in_w, in_c] of one byte each, `out` [batch, out_h, out_w, out_c] of one byte
  // or of float32, aligned for it. They do not overlap. Reads and writes nothing beside them.
  virtual void run(const void* in, void* out, void* scratch, ThreadPool& pool) const = 0;
};

}  // namespace lathe::kernels
