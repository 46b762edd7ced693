// Two-dimensional pooling on 8-bit activations, channels-last.
#pragma once

#include "kernels/kernel.h"
#include "kernels/pooling_int8/kernels.h"

namespace lathe::kernels {

// Families, as kernel_table.cc has them.
struct MaxPoolingInt8 {
  using Problem = PoolingInt8Problem;
  using Row = PoolingInt8Kernel;
  static constexpr const auto& kRows = kPoolingInt8Kernels;

  static std::string_view name(const Row& row) { return row.max_name; }
  static bool fits(const Problem& problem, const Row& row);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct MeanPoolingInt8 {
  using Problem = PoolingInt8Problem;
  using Row = PoolingInt8Kernel;
  static constexpr const auto& kRows = kPoolingInt8Kernels;

  static std::string_view name(const Row& row) { return row.average_name; }
  static bool fits(const Problem& problem, const Row& row);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
