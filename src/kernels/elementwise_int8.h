// Addition of two 8-bit tensors of different quantization, element by element.
//
//   y = clamp(round_half_even((a - za) * ka + (b - zb) * kb) + zy, min, max)
//
// with ka = scale of a / scale of y and kb likewise, float32. Each product is rounded to float32
// once, then their sum once: no FMA. The rest is as in kernels/requantize.h, NaN included. The same
// bits come out of every variant and any number of threads.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

struct AddInt8Parameters {
  QuantizedActivation a = {};
  QuantizedActivation b = {};
  QuantizedActivation output = {};
  float a_multiplier = 1;  // ka
  float b_multiplier = 1;  // kb
  std::int32_t min = 0;    // in output units, within its type: they express a fused activation
  std::int32_t max = 255;
};

struct AddInt8Kernel;

// Immutable: several threads may run it at once.
class AddInt8 {
 public:
  // Zero points and bounds lie in their types' ranges. Takes the best variant up to `isa`.
  AddInt8(const AddInt8Parameters& parameters, Isa isa);
  [[nodiscard]] const char* kernel_name() const;
  // `count` bytes each. `out` may be `a` or `b` itself, and overlaps neither otherwise.
  void run(const void* a, const void* b, void* out, std::int64_t count, ThreadPool& pool) const;

 private:
  AddInt8Parameters parameters_;
  RequantizeArgs requantize_;
  const AddInt8Kernel* kernel_;
};

}  // namespace lathe::kernels
