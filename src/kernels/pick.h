// The choice of a kernel from its family's list.
#pragma once

#include <cstddef>

#include "base/cpu.h"
#include "base/result.h"

namespace lathe::kernels {

// The first of a list, ordered best first, that `isa` has all for and that takes the
// problem. Kernels that do not take every problem say so by a member `bool takes(problem...)
// const`, and then the problem must be given. Every list ends with a scalar kernel that takes all.
template <typename Kernel, std::size_t kCount, typename... Problem>
const Kernel& pick(const Kernel (&kernels)[kCount], Isa isa, Problem... problem) {
  for (const Kernel& kernel : kernels) {
    if (!isa.has(kernel.isa)) continue;
    if constexpr (requires { &Kernel::takes; }) {
      if (!kernel.takes(problem...)) continue;
    } else {
      static_assert(sizeof...(problem) == 0, "kernels of this family take every problem");
    }
    return kernel;
  }
  fatal("a list of kernels has no scalar one that takes everything");
}

}  // namespace lathe::kernels
