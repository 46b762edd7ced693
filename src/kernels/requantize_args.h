// How a kernel turns a float32 into an 8-bit output: plain data, so that files compiled for one
// instruction set may include it.
#pragma once

#include <cstdint>

namespace lathe::kernels {

// Outputs are computed as uint8 whatever their type: an int8 output is its value plus 128, and the
// XOR with `flip` takes the 128 away again. All values below are in that unsigned form.
struct RequantizeArgs {
  float low;   // min - zero_point
  float high;  // max - zero_point
  std::int32_t zero_point;
  std::int32_t min;
  std::int32_t max;
  std::uint8_t flip;  // 0x80 for int8, 0 for uint8
};

}  // namespace lathe::kernels
