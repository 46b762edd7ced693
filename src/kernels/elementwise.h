// Elementwise operators of all types, on operands that lie by strides.
#pragma once

#include "kernels/elementwise/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct Elementwise {
  using Problem = ElementwiseProblem;
  using Row = ElementwiseKernel;
  static constexpr const auto& kRows = kElementwiseKernels;

  // Fails where an integer is divided by zero.
  static Status run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
