// What kernels of two 8-bit tensors are called with: plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/requantize_args.h"
#include "kernels/vector/targets.h"

namespace lathe::kernels {

// With x = (a[i] ^ a_flip) - a_zero_point, and y of b likewise, out[i] = requantize() of
//   addition:        x * a_multiplier + y * b_multiplier
//   multiplication:  (x * y) * a_multiplier
struct BinaryInt8Args {
  const std::uint8_t* a;
  const std::uint8_t* b;
  std::uint8_t* out;
  std::size_t count;
  std::uint8_t a_flip;
  std::uint8_t b_flip;
  std::int32_t a_zero_point;  // of the unsigned form
  std::int32_t b_zero_point;
  float a_multiplier;
  float b_multiplier;
  RequantizeArgs requantize;
};

void add_s8_scalar(const BinaryInt8Args& args);
void mul_s8_scalar(const BinaryInt8Args& args);
#define LATHE_DECLARE(target)              \
  namespace target {                       \
  void add_s8(const BinaryInt8Args& args); \
  void mul_s8(const BinaryInt8Args& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
