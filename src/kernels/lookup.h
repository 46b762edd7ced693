// Any function of one 8-bit value, by a table of what it makes of all 256.
#pragma once

#include "kernels/kernel.h"
#include "kernels/plain_kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct Lookup {
  using Problem = LookupProblem;
  using Row = PlainKernel;
  static constexpr PlainKernel kRows[] = {{Isa::kScalar, "lookup"}};
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
