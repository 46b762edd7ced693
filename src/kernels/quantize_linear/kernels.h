// The quantization kernels of kernels.inc as a table.
#pragma once

#include <span>

#include "base/cpu.h"
#include "kernels/quantize_linear/args.h"

namespace lathe::kernels {

struct QuantizeLinearKernel {
  Isa isa;
  const char* name;  // of the quantizing function
  void (*quantize)(const QuantizeLinearArgs&);
  void (*dequantize)(const DequantizeLinearArgs&);
};

std::span<const QuantizeLinearKernel> quantize_linear_kernels();

}  // namespace lathe::kernels
