// Products of matrices that are both computed: one of each pair is packed anew for each call.
#pragma once

#include "kernels/igemm/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it; of the kernels of igemm.
struct MatMulF32 {
  using Problem = MatMulF32Problem;
  using Row = TileKernel;
  static constexpr const auto& kRows = kIgemmF32Kernels;

  static std::string_view name(const Row& row);
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
