// What a pooling kernel is called with: plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/requantize_args.h"

namespace lathe::kernels {

// One output pixel from the part of its window that lies inside of the image, which may be empty.
struct PoolInt8Args {
  const std::uint8_t* in;  // first pixel of the window
  std::size_t height;
  std::size_t width;
  std::size_t row_stride;     // bytes from a row of the window to the next
  std::size_t column_stride;  // bytes from a pixel of a row to the next
  std::size_t channels;
  std::uint8_t* out;
  std::uint8_t flip;  // XOR with it makes inputs unsigned, and the maximum signed again
};

struct AveragePoolInt8Args {
  PoolInt8Args pool;
  std::int32_t offset;  // minus the zero points of all inputs, in unsigned form
  float multiplier;
  RequantizeArgs requantize;
};

#define LATHE_POOLING_INT8_KERNEL(isa, max, average, min_channels) \
  void max(const PoolInt8Args& args);                              \
  void average(const AveragePoolInt8Args& args);
#include "kernels/pooling_int8/kernels.inc"
#undef LATHE_POOLING_INT8_KERNEL

}  // namespace lathe::kernels
