// Elements of one type as elements of another, as ONNX Cast does.
#pragma once

#include "kernels/cast/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct Cast {
  using Problem = CastProblem;
  using Row = CastKernel;
  static constexpr const auto& kRows = kCastKernels;

  static bool fits(const Problem& problem, const Row& row);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
