// Between float32 and 8-bit tensors with one scale and zero point, as ONNX QuantizeLinear and
// DequantizeLinear.
#pragma once

#include "kernels/kernel.h"
#include "kernels/quantize_linear/kernels.h"

namespace lathe::kernels {

// Families, as kernel_table.cc has them.
struct QuantizeLinear {
  using Problem = QuantizeLinearProblem;
  using Row = QuantizeLinearKernel;
  static constexpr const auto& kRows = kQuantizeLinearKernels;

  static std::string_view name(const Row& row) { return row.quantize_name; }
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct DequantizeLinear {
  using Problem = DequantizeLinearProblem;
  using Row = QuantizeLinearKernel;
  static constexpr const auto& kRows = kQuantizeLinearKernels;

  static std::string_view name(const Row& row) { return row.dequantize_name; }
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
