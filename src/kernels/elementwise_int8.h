// Addition of two 8-bit tensors of different quantization, element by element.
#pragma once

#include "kernels/add_int8/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// Families, as kernel_table.cc has them.
struct ElementwiseAddInt8 {
  using Problem = AddInt8Problem;
  using Row = AddInt8Kernel;
  static constexpr const auto& kRows = kAddInt8Kernels;

  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
