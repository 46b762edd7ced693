// Convolution of float32 by indirect matrix multiplication: every shape.
#pragma once

#include "kernels/igemm/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct IgemmConvolutionF32 {
  using Problem = ConvolutionF32Problem;
  using Row = TileKernel;
  using Weights = WeightsF32;
  static constexpr const auto& kRows = kIgemmF32Kernels;

  static double nanoseconds(const Problem& problem, const Row& row);
  static std::size_t packed_bytes(const Problem& problem, const Row& row);
  static void pack(const Problem& problem, const Row& row, const Weights& weights,
                   std::byte* packed, ThreadPool& pool);
  // Packs a matrix [in_c, out_c] as the weights of a pointwise problem without groups. What
  // `packed` held before does not matter.
  static void pack_matrix(const Problem& problem, const Row& row, const float* matrix,
                          std::byte* packed, ThreadPool& pool);
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
