// What an addition kernel is called with: plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/requantize_args.h"

namespace lathe::kernels {

// out[i] = requantize((a[i] ^ a_flip - a_zero_point) * a_multiplier + (b[i] ^ ...) * ...)
struct AddInt8Args {
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

#define LATHE_ADD_INT8_KERNEL(isa, function) void function(const AddInt8Args& args);
#include "kernels/add_int8/kernels.inc"
#undef LATHE_ADD_INT8_KERNEL

}  // namespace lathe::kernels
