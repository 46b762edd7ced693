// The loops of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/reduce/args.h"

namespace lathe::kernels {

struct ReduceKernel {
  Isa isa;
  const char* name;
  void (*function)(const ReduceArgs&);
};

inline constexpr ReduceKernel kReduceKernels[] = {
#define LATHE_REDUCE_KERNEL(isa, function) {Isa::isa, #function, function},
#include "kernels/reduce/kernels.inc"
#undef LATHE_REDUCE_KERNEL
};

}  // namespace lathe::kernels
