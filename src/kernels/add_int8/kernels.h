// The addition kernels of kernels.inc as a table.
#pragma once

#include <span>

#include "base/cpu.h"
#include "kernels/add_int8/args.h"

namespace lathe::kernels {

struct AddInt8Kernel {
  Isa isa;
  const char* name;
  void (*function)(const AddInt8Args&);
};

std::span<const AddInt8Kernel> add_int8_kernels();

}  // namespace lathe::kernels
