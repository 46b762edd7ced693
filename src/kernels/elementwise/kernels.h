// The loops of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/elementwise/args.h"

namespace lathe::kernels {

struct ElementwiseKernel {
  Isa isa;
  const char* name;
  void (*function)(const ElementwiseArgs&);
};

inline constexpr ElementwiseKernel kElementwiseKernels[] = {
#define LATHE_ELEMENTWISE_KERNEL(isa, function) {Isa::isa, #function, function},
#include "kernels/elementwise/kernels.inc"
#undef LATHE_ELEMENTWISE_KERNEL
};

}  // namespace lathe::kernels
