// 3x3 convolution by Winograd's minimal filtering (Lavin and Gray 2016, "Fast Algorithms for
// Convolutional Neural Networks"): tiles of 2x2 or 4x4 outputs take 16 or 36 products of each
// channel instead of 36 or 144. The order of its sums is another than that of other kernels, so
// results differ in their last digits: points.h says how much.
#pragma once

#include <array>
#include <limits>

#include "kernels/kernel.h"
#include "kernels/winograd_f32/args.h"

namespace lathe::kernels {

struct WinogradF32Kernel {
  Isa isa;
  const char* name;
  std::int64_t tile;  // outputs of a tile in each direction
  void (*input)(const WinogradInputArgs&);
  void (*output)(const WinogradOutputArgs&);
};

#if defined(__x86_64__) || defined(__aarch64__)
inline constexpr auto kWinogradF32Kernels = std::to_array<WinogradF32Kernel>({
#define LATHE_WINOGRAD_KERNEL(isa, name, tile, target) \
  {Isa::isa, #name, tile, target::winograd_input_f##tile, target::winograd_output_f##tile},
#include "kernels/winograd_f32/kernels.inc"
#undef LATHE_WINOGRAD_KERNEL
});
#else
inline constexpr std::array<WinogradF32Kernel, 0> kWinogradF32Kernels = {};
#endif

// A family, as kernel_table.cc has it.
struct WinogradConvolutionF32 {
  using Problem = ConvolutionF32Problem;
  using Row = WinogradF32Kernel;
  using Weights = WeightsF32;
  static constexpr const auto& kRows = kWinogradF32Kernels;

  static bool fits(const Problem& problem, const Row& row);
  // Where a tile begins matters.
  static std::int64_t least_pixels(const Row&) { return std::numeric_limits<std::int64_t>::max(); }
  static double nanoseconds(const Problem& problem, const Row& row);
  static std::size_t packed_bytes(const Problem& problem, const Row& row);
  static void pack(const Problem& problem, const Row& row, const Weights& weights,
                   std::byte* packed, ThreadPool& pool);
  static std::size_t scratch_bytes(const Problem& problem, const Row& row, int threads);
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels
