// What a pooling kernel is called with: plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/requantize_args.h"
#include "kernels/vector/targets.h"

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

void max_pool_s8_scalar(const PoolInt8Args& args);
void average_pool_s8_scalar(const AveragePoolInt8Args& args);
#define LATHE_DECLARE(target)                            \
  namespace target {                                     \
  void max_pool_s8(const PoolInt8Args& args);            \
  void average_pool_s8(const AveragePoolInt8Args& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
