// Elementwise float32 layers with a fused clamp.
//
//   BinaryF32(BinaryOpF32::kAdd, {.min = 0}, isa).run(a, b, out, count, pool);  // relu(a + b)
//   UnaryF32 sigmoid({.op = UnaryOpF32::kSigmoid}, isa);
//
// Layers are immutable and may run on several threads at once. The output may be any of the inputs.
// It does not depend on the number of threads. NaN passes through every clamp.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "kernels/clamp_f32.h"
#include "kernels/elementwise_f32/args.h"

namespace lathe::kernels {

struct ElementwiseF32Kernel;

class BinaryF32 {
 public:
  // Takes the best kernels for `isa` or less, which the machine must support.
  BinaryF32(BinaryOpF32 op, ClampF32 clamp, Isa isa);

  // out[i] = clamp(a[i] op b[i]), i < count.
  void run(const float* a, const float* b, float* out, std::int64_t count, ThreadPool& pool) const;
  // out[i] = clamp(a[i] op b).
  void run_scalar(const float* a, float b, float* out, std::int64_t count, ThreadPool& pool) const;
  // out[i][c] = clamp(a[i][c] op b[c]) on [rows, channels].
  void run_channels(const float* a, const float* b, float* out, std::int64_t rows,
                    std::int64_t channels, ThreadPool& pool) const;

 private:
  BinaryOpF32 op_;
  ClampF32 clamp_;
  const ElementwiseF32Kernel* kernel_;
};

// Alpha and beta mean what UnaryOpF32 says.
struct UnaryParametersF32 {
  UnaryOpF32 op = UnaryOpF32::kIdentity;
  float alpha = 0;
  float beta = 0;
  ClampF32 clamp = {};
};

// Within 1 ulp of the exact value for exp, 3 for sigmoid, 2.5 for tanh, 4 for silu.
class UnaryF32 {
 public:
  // Takes the best kernels for `isa` or less, which the machine must support.
  UnaryF32(const UnaryParametersF32& parameters, Isa isa);

  void run(const float* in, float* out, std::int64_t count, ThreadPool& pool) const;

 private:
  UnaryParametersF32 parameters_;
  const ElementwiseF32Kernel* kernel_;
};

}  // namespace lathe::kernels
