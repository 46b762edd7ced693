// Two-dimensional float32 pooling on channels-last activations.
#pragma once

#include "kernels/kernel.h"
#include "kernels/pooling_f32/kernels.h"

namespace lathe::kernels {

// Families, as kernel_table.cc has them.
struct MaxPoolingF32 {
  using Problem = PoolingF32Problem;
  using Row = PoolingF32Kernel;
  static constexpr const auto& kRows = kPoolingF32Kernels;

  static std::string_view name(const Row& row) { return row.max_name; }
  static bool fits(const Problem& problem, const Row&) { return problem.kind == PoolingKind::kMax; }
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct MeanPoolingF32 {
  using Problem = PoolingF32Problem;
  using Row = PoolingF32Kernel;
  static constexpr const auto& kRows = kPoolingF32Kernels;

  static std::string_view name(const Row& row) { return row.average_name; }
  static bool fits(const Problem& problem, const Row&) { return problem.kind != PoolingKind::kMax; }
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
