// Where along an axis the largest or smallest element stands.
#pragma once

#include "kernels/kernel.h"
#include "kernels/plain_kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct ArgReduce {
  using Problem = ArgReduceProblem;
  using Row = PlainKernel;
  static constexpr PlainKernel kRows[] = {{Isa::kScalar, "arg_reduce"}};

  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
