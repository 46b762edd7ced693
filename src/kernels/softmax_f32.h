// Softmax along one dimension, float32.
#pragma once

#include "kernels/kernel.h"
#include "kernels/softmax_f32/kernels.h"

namespace lathe::kernels {

// Families, as kernel_table.cc has them.
struct SoftmaxF32 {
  using Problem = SoftmaxF32Problem;
  using Row = SoftmaxF32Kernel;
  static constexpr const auto& kRows = kSoftmaxF32Kernels;

  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
