// Between float32 and 8-bit tensors with one scale and zero point, as ONNX QuantizeLinear and
// DequantizeLinear.
//
//   quantize:    y = saturate(round_half_even(x / scale) + zero_point)
//   dequantize:  y = float32(x - zero_point) * scale
//
// The quotient is one float32 division. Where it is NaN the result is the zero point, which stands
// for 0; infinities saturate. The same bits come out of every variant and any number of threads.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

struct QuantizeLinearKernel;

// Immutable: several threads may run it at once.
class QuantizeLinear {
 public:
  // The zero point lies in the type's range. Takes the best variant up to `isa`.
  QuantizeLinear(float scale, QuantizedActivation output, Isa isa);
  [[nodiscard]] const char* kernel_name() const;
  // `count` values of float32 to as many bytes; they do not overlap.
  void run(const float* in, void* out, std::int64_t count, ThreadPool& pool) const;

 private:
  float scale_;
  RequantizeArgs requantize_;
  const QuantizeLinearKernel* kernel_;
};

// Immutable: several threads may run it at once.
class DequantizeLinear {
 public:
  DequantizeLinear(float scale, QuantizedActivation input, Isa isa);
  // `count` bytes to as many values of float32; they do not overlap.
  void run(const void* in, float* out, std::int64_t count, ThreadPool& pool) const;

 private:
  float scale_;
  QuantizedActivation input_;
  const QuantizeLinearKernel* kernel_;
};

}  // namespace lathe::kernels
