// What the kernels between float32 and 8 bits are called with: plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/requantize_args.h"

namespace lathe::kernels {

struct QuantizeLinearArgs {
  const float* in;
  std::uint8_t* out;
  std::size_t count;
  float scale;
  RequantizeArgs requantize;
};

// out[i] = float32((in[i] ^ flip) - zero_point) * scale
struct DequantizeLinearArgs {
  const std::uint8_t* in;
  float* out;
  std::size_t count;
  float scale;
  std::uint8_t flip;
  std::int32_t zero_point;  // of the unsigned form
};

#define LATHE_QUANTIZE_LINEAR_KERNEL(isa, quantize, dequantize) \
  void quantize(const QuantizeLinearArgs& args);                \
  void dequantize(const DequantizeLinearArgs& args);
#include "kernels/quantize_linear/kernels.inc"
#undef LATHE_QUANTIZE_LINEAR_KERNEL

}  // namespace lathe::kernels
