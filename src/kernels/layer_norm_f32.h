// Layer normalization (Ba et al., "Layer Normalization", 2016), float32.
#pragma once

#include "kernels/kernel.h"
#include "kernels/normalize_f32/kernels.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct LayerNormF32 {
  using Problem = LayerNormF32Problem;
  using Row = LayerNormF32Kernel;
  static constexpr const auto& kRows = kLayerNormF32Kernels;

  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
