// The kernels of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/binary_int8/args.h"

namespace lathe::kernels {

struct BinaryInt8Kernel {
  Isa isa;
  const char* add_name;
  const char* mul_name;
  void (*add)(const BinaryInt8Args&);
  void (*mul)(const BinaryInt8Args&);
};

inline constexpr BinaryInt8Kernel kBinaryInt8Kernels[] = {
#define LATHE_BINARY_INT8_KERNEL(isa, suffix, add, mul) \
  {Isa::isa, "add_s8_" #suffix, "mul_s8_" #suffix, add, mul},
#include "kernels/binary_int8/kernels.inc"
#undef LATHE_BINARY_INT8_KERNEL
};

}  // namespace lathe::kernels
