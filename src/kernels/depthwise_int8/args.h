// What a depthwise kernel is called with: plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/requantize_args.h"
#include "kernels/vector/targets.h"

namespace lathe::kernels {

// Lines of output pixels for one block of channels:
//   out[line][x][c] = requantize(bias[c] + sum over kx, ky of
//                                in(line, ky, x * stride - pad + kx * dilation)[c]
//                                * weight[kx][ky][c])
// where in(line, ky, column) is rows[line * row_count + ky] + column * pixel_stride, or `padding`
// outside of [0, in_w), both from the block's first channel on.
struct DepthwiseInt8Args {
  // [line_count][row_count]: one for each tap of a column, row_count rounded up to the taps that
  // the kernel multiplies at once; those beyond the window may be any row.
  const std::uint8_t* const* rows;
  std::size_t line_count;
  std::size_t row_groups;       // row_count, divided by the taps multiplied at once
  const std::uint8_t* padding;  // a pixel of zero points
  std::size_t first_channel;    // of the block
  std::uint8_t flip;            // XOR with it makes inputs unsigned
  std::int64_t kernel_w;
  std::int64_t stride;
  std::int64_t dilation;
  std::int64_t pad;
  std::int64_t in_w;
  std::int64_t out_w;
  std::int64_t pixel_stride;  // bytes from an input pixel to the next
  // int32 bias[width], float multiplier[width], then for each column of taps and each group of rows
  // weights [width][taps of the group]; slots and weight type are the kernel's.
  const std::byte* block;
  std::size_t width;
  std::size_t channels;          // to read and write, 1 to width
  std::byte* out;                // the first pixel's first channel of the block
  std::int64_t out_stride;       // bytes from an output pixel to the next
  std::int64_t out_line_stride;  // and from a line to the next
  bool float_output;             // write float32(acc) * multiplier instead of requantized bytes
  RequantizeArgs requantize;
};

void depthwise_s8_c16_scalar(const DepthwiseInt8Args& args);
void depthwise_s8_c64_avx512vnni(const DepthwiseInt8Args& args);
#define LATHE_DECLARE(target)                       \
  namespace target {                                \
  void depthwise_s8(const DepthwiseInt8Args& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
