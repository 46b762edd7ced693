// Convolutions each of whose output channels reads few input channels: depthwise ones, and those in
// groups of 2, 4 or 8 channels (ResNeXt: Xie et al. 2017; RegNet), which products of matrices would
// leave most of a tile's columns to.
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

  // As many channels out of each group as into it: 2, 4 or 8.
  static bool has_narrow_groups(const ConvolutionShape& shape) {
    const std::int64_t width = shape.group_in_c();
    return shape.groups > 1 && width == shape.group_out_c() &&
           (width == 2 || width == 4 || width == 8);
  }
  static bool fits(const Problem& problem, const Row&) {
    return (problem.shape.is_depthwise() || has_narrow_groups(problem.shape)) &&
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
