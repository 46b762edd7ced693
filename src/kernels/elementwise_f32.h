// Elementwise float32 operators with a fused clamp.
#pragma once

#include "kernels/elementwise_f32/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// Families, as kernel_table.cc has them.
struct ElementwiseBinaryF32 {
  using Problem = BinaryF32Problem;
  using Row = ElementwiseF32Kernel;
  static constexpr const auto& kRows = kElementwiseF32Kernels;

  static std::string_view name(const Row& row) { return row.binary_name; }
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct ElementwiseUnaryF32 {
  using Problem = UnaryF32Problem;
  using Row = ElementwiseF32Kernel;
  static constexpr const auto& kRows = kElementwiseF32Kernels;

  static std::string_view name(const Row& row) { return row.unary_name; }
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
