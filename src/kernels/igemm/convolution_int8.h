// Convolution of 8-bit activations by indirect matrix multiplication: every shape.
#pragma once

#include "kernels/igemm/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// A family, as kernel_table.cc has it.
struct IgemmConvolutionInt8 {
  using Problem = ConvolutionInt8Problem;
  using Row = TileKernel;
  using Weights = WeightsInt8;
  static constexpr const auto& kRows = kIgemmInt8Kernels;

  static double nanoseconds(const Problem& problem, const Row& row);
  static std::size_t packed_bytes(const Problem& problem, const Row& row);
  static void pack(const Problem& problem, const Row& row, const Weights& weights,
                   std::byte* packed, ThreadPool& pool);
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);

  // A matrix product that is a convolution of `shape.batch` pixels: packs [in_c, out_c] bytes of
  // the type of `matrix_type`, with one multiplier.
  static void pack_matrix(const Problem& problem, const Row& row, const std::uint8_t* matrix,
                          QuantizedActivation matrix_type, float multiplier, std::byte* packed,
                          ThreadPool& pool);
  // The same as run(), for weights as pack_matrix() packs them.
  static void run_matrix(const Problem& problem, const Row& row, QuantizedActivation matrix_type,
                         const Operands& operands);
};

}  // namespace lathe::kernels
