// What the kernels between float32 and 8 bits are called with: plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/requantize_args.h"
#include "kernels/vector/targets.h"

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

void quantize_s8_scalar(const QuantizeLinearArgs& args);
void dequantize_s8_scalar(const DequantizeLinearArgs& args);
#define LATHE_DECLARE(target)                           \
  namespace target {                                    \
  void quantize_s8(const QuantizeLinearArgs& args);     \
  void dequantize_s8(const DequantizeLinearArgs& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
