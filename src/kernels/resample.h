// Images of other sizes: pixels taken, or interpolated.
#pragma once

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
  using Row = PlainKernel;
  static constexpr PlainKernel kRows[] = {{Isa::kScalar, "interpolate_f32"}};
  // A line of the input's width for each thread.
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
