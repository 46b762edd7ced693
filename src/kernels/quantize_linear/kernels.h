// The quantization kernels of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/quantize_linear/args.h"

namespace lathe::kernels {

struct QuantizeLinearKernel {
  Isa isa;
  const char* quantize_name;
  const char* dequantize_name;
  void (*quantize)(const QuantizeLinearArgs&);
  void (*dequantize)(const DequantizeLinearArgs&);
};

inline constexpr QuantizeLinearKernel kQuantizeLinearKernels[] = {
#define LATHE_QUANTIZE_LINEAR_KERNEL(isa, suffix, quantize, dequantize) \
  {Isa::isa, "quantize_s8_" #suffix, "dequantize_s8_" #suffix, quantize, dequantize},
#include "kernels/quantize_linear/kernels.inc"
#undef LATHE_QUANTIZE_LINEAR_KERNEL
};

}  // namespace lathe::kernels
