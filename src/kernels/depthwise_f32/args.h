// What a depthwise kernel works on. Plain, so that files compiled for one instruction set can
// include it.
#pragma once

#include <cstddef>

namespace lathe::kernels {

// All channels of pixel_count output pixels:
//
//   out[i][c] = clamp(bias[c] + sum over taps t of rows[t * row_pitch + i][c] * weights[t][c]
//                     + residual[i][c])
//
// summed in the order of the taps. Out and residual are dense: `channels` floats a pixel.
struct DepthwiseF32Args {
  const float* const* rows;
  std::size_t row_pitch;  // pointers from one tap to the next
  std::size_t taps;
  std::size_t channels;
  std::size_t channel_pitch;  // channels rounded up to 16: floats of a row of weights
  const float* weights;       // [1 + taps][channel_pitch], biases first; aligned to 64 bytes
  const float* residual;      // null, or laid out as out
  float* out;
  std::size_t pixel_count;
  float min;
  float max;
};

#define LATHE_DEPTHWISE_F32_KERNEL(isa, function) void function(const DepthwiseF32Args& args);
#include "kernels/depthwise_f32/kernels.inc"
#undef LATHE_DEPTHWISE_F32_KERNEL

}  // namespace lathe::kernels
