// The elementwise kernels of kernels.inc as a table.
#pragma once

#include <span>

#include "base/cpu.h"
#include "kernels/elementwise_f32/args.h"

namespace lathe::kernels {

struct ElementwiseF32Kernel {
  Isa isa;
  const char* name;  // of the unary function
  void (*binary)(const BinaryF32Args&);
  void (*unary)(const UnaryF32Args&);
};

std::span<const ElementwiseF32Kernel> elementwise_f32_kernels();

}  // namespace lathe::kernels
