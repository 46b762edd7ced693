// Convolution of float32 and bfloat16 by indirect matrix multiplication: every shape.
#pragma once

#include "kernels/igemm/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// What the two families have in common: kernels that multiply what the problem stores.
struct IgemmConvolutionFloat {
  using Problem = ConvolutionF32Problem;
  using Row = TileKernel;
  using Weights = WeightsF32;

  // Products of fewer rows than a tile has are summed otherwise.
  static std::int64_t least_pixels(const Row& row) { return row.mr; }
  static double nanoseconds(const Problem& problem, const Row& row);
  static std::size_t packed_bytes(const Problem& problem, const Row& row);
  static void pack(const Problem& problem, const Row& row, const Weights& weights,
                   std::byte* packed, ThreadPool& pool);
  // Packs a float32 matrix [in_c, out_c] as the weights of a pointwise problem without groups. What
  // `packed` held before does not matter.
  static void pack_matrix(const Problem& problem, const Row& row, const float* matrix,
                          std::byte* packed, ThreadPool& pool);
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

// Families, as kernel_table.cc has them.
struct IgemmConvolutionF32 : IgemmConvolutionFloat {
  static constexpr const auto& kRows = kIgemmF32Kernels;
  static bool fits(const Problem& problem, const Row&) {
    return problem.storage == ElementType::kFloat32;
  }
};

struct IgemmConvolutionBF16 : IgemmConvolutionFloat {
  static constexpr const auto& kRows = kIgemmBF16Kernels;
  static bool fits(const Problem& problem, const Row&) {
    return problem.storage == ElementType::kBFloat16;
  }
};

}  // namespace lathe::kernels
