// The row of a family with one kernel for every machine.
#pragma once

#include "base/cpu.h"

namespace lathe::kernels {

struct PlainKernel {
  Isa isa;
  const char* name;
};

}  // namespace lathe::kernels
