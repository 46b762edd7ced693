// The conversions of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/cast/args.h"

namespace lathe::kernels {

struct CastKernel {
  Isa isa;
  const char* name;
  void (*convert)(const CastArgs&);
  bool halves;  // takes float32 from and to 16-bit floating point alone
};

inline constexpr CastKernel kCastKernels[] = {
#define LATHE_CAST_KERNEL(isa, name, convert, halves) {Isa::isa, #name, convert, halves},
#include "kernels/cast/kernels.inc"
#undef LATHE_CAST_KERNEL
};

}  // namespace lathe::kernels
