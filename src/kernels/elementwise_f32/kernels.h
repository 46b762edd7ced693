// The elementwise kernels of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/elementwise_f32/args.h"

namespace lathe::kernels {

struct ElementwiseF32Kernel {
  Isa isa;
  const char* binary_name;
  const char* unary_name;
  void (*binary)(const BinaryF32Args&);
  void (*unary)(const UnaryF32Args&);
};

inline constexpr ElementwiseF32Kernel kElementwiseF32Kernels[] = {
#define LATHE_ELEMENTWISE_F32_KERNEL(isa, suffix, binary, unary) \
  {Isa::isa, "binary_f32_" #suffix, "unary_f32_" #suffix, binary, unary},
#include "kernels/elementwise_f32/kernels.inc"
#undef LATHE_ELEMENTWISE_F32_KERNEL
};

}  // namespace lathe::kernels
