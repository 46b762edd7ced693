// Convolutions each of whose output channels reads one input channel.
#pragma once

#include "kernels/depthwise_f32/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct DepthwiseConvolutionF32 {
  using Problem = ConvolutionF32Problem;
  using Row = DepthwiseF32Kernel;
  using Weights = WeightsF32;
  static constexpr const auto& kRows = kDepthwiseF32Kernels;

  static bool fits(const Problem& problem, const Row&) {
    return problem.shape.is_depthwise() &&
           (problem.storage == ElementType::kFloat32 || !problem.float_output);
  }
  static double nanoseconds(const Problem& problem, const Row& row);
  static std::size_t packed_bytes(const Problem& problem, const Row& row);
  static void pack(const Problem& problem, const Row& row, const Weights& weights,
                   std::byte* packed, ThreadPool& pool);
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
