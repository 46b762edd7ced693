// Addition and multiplication of two 8-bit tensors of different quantization, broadcast.
#pragma once

#include "kernels/binary_int8/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// Families, as kernel_table.cc has them.
struct ElementwiseAddInt8 {
  using Problem = BinaryInt8Problem;
  using Row = BinaryInt8Kernel;
  static constexpr const auto& kRows = kBinaryInt8Kernels;

  static std::string_view name(const Row& row) { return row.add_name; }
  static bool fits(const Problem& problem, const Row&) { return problem.op == BinaryOpInt8::kAdd; }
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct ElementwiseMulInt8 {
  using Problem = BinaryInt8Problem;
  using Row = BinaryInt8Kernel;
  static constexpr const auto& kRows = kBinaryInt8Kernels;

  static std::string_view name(const Row& row) { return row.mul_name; }
  static bool fits(const Problem& problem, const Row&) { return problem.op == BinaryOpInt8::kMul; }
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
