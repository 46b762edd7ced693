// What an integer matrix multiplication kernel is called with: plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/requantize_args.h"

namespace lathe::kernels {

// out[r][c] = requantize(bias[c] + row_offsets[r]
//                        + sum over t, k of rows[t * row_count + r][k] * weight[c][t][k])
// for row_count rows and `channels` channels, sums modulo 2^32. Activations are unsigned bytes.
struct IgemmInt8Args {
  const std::uint8_t* const* rows;  // [taps][row_count], each with 4 * quads readable bytes
  std::size_t row_stride;           // bytes between rows, for kernels that read them by that
  std::size_t row_count;            // 1 to the kernel's mr
  std::size_t taps;
  std::size_t quads;  // input channels of a tap, divided by 4
  // int32 bias[width], float multiplier[width], int8 weights [taps * quads][width][4]; slots in
  // the kernel's order.
  const std::byte* panel;
  const std::int32_t* row_offsets;  // null: 0
  bool half;                        // the panel is a half panel
  std::size_t channels;             // to write, 1 to the panel's width
  std::byte* out;
  std::size_t out_stride;  // bytes from a row to the next
  bool float_output;       // write float32(acc) * multiplier instead of requantized bytes
  RequantizeArgs requantize;
};

#define LATHE_IGEMM_INT8_KERNEL(isa, function, ...) void function(const IgemmInt8Args& args);
#include "kernels/igemm_int8/kernels.inc"
#undef LATHE_IGEMM_INT8_KERNEL

}  // namespace lathe::kernels
