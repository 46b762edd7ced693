// Reductions along any axes.
#pragma once

#include "kernels/kernel.h"
#include "kernels/reduce/kernels.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct Reduce {
  using Problem = ReduceProblem;
  using Row = ReduceKernel;
  static constexpr const auto& kRows = kReduceKernels;

  static bool fits(const Problem& problem, const Row& row) {
    return row.any_type || problem.type == ElementType::kFloat32;
  }
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
