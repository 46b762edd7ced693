// What the transforms of a Winograd convolution are called with: plain data.
#pragma once

#include <cstddef>

#include "kernels/vector/targets.h"

namespace lathe::kernels {

// A tile of (m + 2) x (m + 2) input pixels to as many coefficients of each channel:
// out[k * coefficient_stride + c] for coefficient k, row by row. Pixels outside of [row_begin,
// row_end) x [column_begin, column_end) of the tile count as zero and are not read.
struct WinogradInputArgs {
  const float* in;         // pixel (row_begin, column_begin) of the tile, channel 0
  std::size_t row_stride;  // floats from one line of the image to the next
  std::size_t column_stride;
  int row_begin;
  int row_end;
  int column_begin;
  int column_end;
  std::size_t channels;
  float* out;
  std::size_t coefficient_stride;
};

// The coefficients of a tile to its m x m outputs, of which rows x columns lie in the image:
// out = clamp(transformed + bias + residual).
struct WinogradOutputArgs {
  const float* in;  // coefficient 0 of channel 0
  std::size_t coefficient_stride;
  const float* bias;      // by channel; readable and aligned up to a whole vector
  const float* residual;  // null, or laid out as out
  float* out;
  std::size_t row_stride;
  std::size_t column_stride;
  int rows;
  int columns;
  std::size_t channels;
  float min;
  float max;
};

#define LATHE_DECLARE(target)                              \
  namespace target {                                       \
  void winograd_input_f2(const WinogradInputArgs& args);   \
  void winograd_input_f4(const WinogradInputArgs& args);   \
  void winograd_output_f2(const WinogradOutputArgs& args); \
  void winograd_output_f4(const WinogradOutputArgs& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
