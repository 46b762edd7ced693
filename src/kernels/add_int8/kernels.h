// The addition kernels of kernels.inc as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/add_int8/args.h"

namespace lathe::kernels {

struct AddInt8Kernel {
  Isa isa;
  const char* name;
  void (*function)(const AddInt8Args&);
};

inline constexpr AddInt8Kernel kAddInt8Kernels[] = {
#define LATHE_ADD_INT8_KERNEL(isa, function) {Isa::isa, #function, function},
#include "kernels/add_int8/kernels.inc"
#undef LATHE_ADD_INT8_KERNEL
};

}  // namespace lathe::kernels
