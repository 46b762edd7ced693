// 8-bit depthwise convolutions with as many outputs as inputs.
#pragma once

#include "kernels/depthwise_int8/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct DepthwiseConvolutionInt8 {
  using Problem = ConvolutionInt8Problem;
  using Row = DepthwiseInt8Kernel;
  using Weights = WeightsInt8;
  static constexpr const auto& kRows = kDepthwiseInt8Kernels;

  static bool fits(const Problem& problem, const Row& row);
  static std::size_t packed_bytes(const Problem& problem, const Row& row);
  static void pack(const Problem& problem, const Row& row, const Weights& weights,
                   std::byte* packed, ThreadPool& pool);
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
