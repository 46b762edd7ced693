// Images of other sizes: pixels taken, or interpolated.
#pragma once

#include "kernels/interpolate_f32/kernels.h"
#include "kernels/kernel.h"
#include "kernels/plain_kernel.h"

namespace lathe::kernels {

// Families, as kernel_table.cc has them.
struct TakeGrid {
  using Problem = TakeGridProblem;
  using Row = PlainKernel;
  static constexpr PlainKernel kRows[] = {{Isa::kScalar, "take_grid"}};
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct InterpolateF32 {
  using Problem = InterpolateF32Problem;
  using Row = InterpolateF32Kernel;
  static constexpr const auto& kRows = kInterpolateF32Kernels;
  // A line of the input's width for each thread, and what each element of a line is made of where
  // pixels are smaller than vectors.
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
