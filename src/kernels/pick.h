// The choice of a kernel from its family's list.
#pragma once

#include <span>

#include "base/cpu.h"
#include "base/result.h"

namespace lathe::kernels {

// The first of a list ordered best first whose instruction set is not above `isa`. Every list ends
// with a scalar kernel.
template <typename Kernel>
const Kernel& pick(std::span<const Kernel> kernels, Isa isa) {
  for (const Kernel& kernel : kernels) {
    if (kernel.isa <= isa) return kernel;
  }
  fatal("a list of kernels has no scalar one");
}

}  // namespace lathe::kernels
