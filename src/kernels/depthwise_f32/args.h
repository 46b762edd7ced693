// What a depthwise kernel works on. Plain, so that files compiled for one instruction set can
// include it.
#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/vector/targets.h"

namespace lathe::kernels {

// One tap of the kernel: the input of the first output pixel, and the weights of the first channel
// of each group, aligned to 64 bytes and padded to a multiple of 16 channels.
template <typename Stored>
struct DepthwiseF32Tap {
  const Stored* in;
  const float* weights;
};

// Some channels of a run of output pixels of one row, for which the same taps lie on the image:
//
//   out[i][c] = clamp(bias[c] + sum over taps t, channels j of a group of
//                     t.in[i * pixel_step + c - c % group + j] * t.weights[j * weight_pitch + c]
//                     + residual[i][c])
//
// summed in the order of the taps, and of the channels in each.
template <typename Stored>
struct DepthwiseF32Args {
  const DepthwiseF32Tap<Stored>* taps;
  std::size_t tap_count;
  std::size_t group;         // input channels of an output channel: 1, 2, 4 or 8
  std::size_t weight_pitch;  // elements from the weights of one of them to those of the next
  std::size_t pixel_step;    // elements from one pixel's input to the next one's
  std::size_t channels;      // whole groups
  const float* bias;         // aligned and padded as weights
  const Stored* residual;    // null, or laid out as out
  Stored* out;
  std::size_t out_step;  // elements from one output pixel to the next
  std::size_t pixel_count;
  float min;
  float max;
};

// One or two rows of output pixels of a depthwise kernel x kernel window, all of whose columns lie
// on the image. The sums are those of DepthwiseF32Args, in the same order.
template <typename Stored>
struct DepthwiseF32BlockArgs {
  int kernel;  // 3 or 5
  int stride;  // 1 or 2, in both directions
  int rows;    // 1 or 2
  // Of the lines that the rows read, the first pixel's first column; null where there is none.
  const Stored* const* lines;
  std::size_t pixel_step;  // elements from one input pixel to the next
  std::size_t channels;
  const float* bias;     // aligned and padded, as are weights
  const float* weights;  // by tap
  std::size_t weight_pitch;
  const Stored* residual;  // null, or laid out as out
  Stored* out;
  std::size_t out_step;
  std::size_t out_row_step;
  std::size_t pixel_count;
  float min;
  float max;
};

namespace scalar {
void depthwise_f32_pixels(const DepthwiseF32Args<float>& args);
void depthwise_f32_pixels(const DepthwiseF32Args<BFloat16>& args);
}  // namespace scalar
#define LATHE_DECLARE(target)                                            \
  namespace target {                                                     \
  void depthwise_f32_pixels(const DepthwiseF32Args<float>& args);        \
  void depthwise_f32_pixels(const DepthwiseF32Args<BFloat16>& args);     \
  void depthwise_f32_block(const DepthwiseF32BlockArgs<float>& args);    \
  void depthwise_f32_block(const DepthwiseF32BlockArgs<BFloat16>& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
