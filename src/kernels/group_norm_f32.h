// Normalization of groups of channels.
#pragma once

#include "kernels/kernel.h"
#include "kernels/normalize_f32/kernels.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct GroupNormF32 {
  using Problem = GroupNormF32Problem;
  using Row = GroupNormF32Kernel;
  static constexpr const auto& kRows = kGroupNormF32Kernels;

  // Channels-last: the sums of the channels for each thread.
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
