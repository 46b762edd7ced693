// Products of matrices that are both computed: one of each pair is packed anew for each call.
#pragma once

#include "kernels/igemm_f32/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it; of the kernels of igemm_f32.
struct MatMulF32 {
  using Problem = MatMulF32Problem;
  using Row = IgemmF32Kernel;
  static constexpr const auto& kRows = kIgemmF32Kernels;

  static std::string_view name(const Row& row);
  static bool fits(const Problem& problem, const Row& row) { return row.takes(problem.columns); }
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
