// What a depthwise kernel works on. Plain, so that files compiled for one instruction set can
// include it.
#pragma once

#include <cstddef>

namespace lathe::kernels {

// One tap of the kernel: the input of the first output pixel, and the weights, aligned to 64 bytes
// and padded to a multiple of 16 channels.
struct DepthwiseF32Tap {
  const float* in;
  const float* weights;
};

// Some channels of a run of output pixels of one row, for which the same taps lie on the image:
//
//   out[i][c] = clamp(bias[c] + sum over taps t of t.in[i * pixel_step + c] * t.weights[c]
//                     + residual[i][c])
//
// summed in the order of the taps.
struct DepthwiseF32Args {
  const DepthwiseF32Tap* taps;
  std::size_t tap_count;
  std::size_t pixel_step;  // floats from one pixel's input to the next one's
  std::size_t channels;
  const float* bias;      // aligned and padded as weights
  const float* residual;  // null, or laid out as out
  float* out;
  std::size_t out_step;  // floats from one output pixel to the next
  std::size_t pixel_count;
  float min;
  float max;
};

#define LATHE_DEPTHWISE_F32_KERNEL(isa, function) void function(const DepthwiseF32Args& args);
#include "kernels/depthwise_f32/kernels.inc"
#undef LATHE_DEPTHWISE_F32_KERNEL

}  // namespace lathe::kernels
