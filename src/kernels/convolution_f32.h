// Two-dimensional float32 convolution on channels-last activations, fully connected layers
// included.
//
//   auto layer = ConvolutionF32::create(shape, weights, bias, {.min = 0}, isa);
//   std::vector<std::byte> scratch(layer->scratch_bytes(pool.threads()));
//   layer->run(in, nullptr, out, scratch.data(), pool);
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "kernels/clamp_f32.h"
#include "kernels/convolution_shape.h"

namespace lathe::kernels {

// A layer with its weights packed for one machine. Immutable after create: any number of threads
// may run it at once, each with its own scratch. The output does not depend on the number of
// threads.
class ConvolutionF32 {
 public:
  virtual ~ConvolutionF32() = default;

  // `shape` must be valid(); `weights` are [out_c, in_c / groups, kernel_h, kernel_w], `bias` out_c
  // values or empty; both are copied. Takes the best kernels for `isa` or less, which the machine
  // must support.
  static std::unique_ptr<ConvolutionF32> create(const ConvolutionShape& shape,
                                                std::span<const float> weights,
                                                std::span<const float> bias, ClampF32 clamp,
                                                Isa isa);

  // Bytes that run() needs at `scratch` with a pool of so many threads, 0 if none.
  [[nodiscard]] virtual std::size_t scratch_bytes(int threads) const = 0;
  [[nodiscard]] virtual std::size_t packed_bytes() const = 0;
  // E.g. "igemm_f32_12x32_avx512".
  [[nodiscard]] virtual const char* kernel_name() const = 0;

  // out = clamp(convolution(in) + bias + residual). `in` is [batch, in_h, in_w, in_c]; `out` and
  // `residual`, which may be null or equal to `out`, are [batch, out_h, out_w, out_c]. `scratch` is
  // aligned to 16 bytes.
  virtual void run(const float* in, const float* residual, float* out, void* scratch,
                   ThreadPool& pool) const = 0;

 protected:
  ConvolutionF32() = default;
  ConvolutionF32(const ConvolutionF32&) = default;
  ConvolutionF32& operator=(const ConvolutionF32&) = default;
};

}  // namespace lathe::kernels
