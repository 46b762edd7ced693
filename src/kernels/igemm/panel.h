// How the weights of a panel of output channels are packed for a kernel of indirect matrix
// multiplication:
//
//   bias[width], of 4 bytes; for sums in int32 then float32 multiplier[width]
//   weights [depth / dot_inputs][width][dot_inputs], input k of slot j at [k / inputs][j][k %
//   inputs]
//
// where the depth is that of all taps, and slots hold channels in the kernel's order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/igemm/kernels.h"

namespace lathe::kernels {

// The output channel, counted from the panel's first, that a slot of a packed panel holds.
std::int64_t igemm_channel(const TileKernel& kernel, bool half, std::int64_t slot);

// Bytes of a packed panel for `depth` inputs, a multiple of kernel.depth_unit.
std::int64_t igemm_panel_bytes(const TileKernel& kernel, bool half, std::int64_t depth);

// Weights as ONNX has them: [columns, channels, taps]. Inputs of line_taps taps lie together, and
// the next ones line_depth inputs behind the first of them.
struct WeightExtents {
  std::int64_t columns;  // 1 to the panel's width
  std::int64_t channels;
  std::int64_t taps;
  std::int64_t line_taps;
  std::int64_t line_depth;
};

// Packs into zeroed memory. Weights are rounded to what the kernel multiplies.
void pack_panel(const TileKernel& kernel, bool half, WeightExtents extents, const float* weights,
                const float* bias, std::byte* panel);
// The zero point of the unsigned input is folded into the bias.
void pack_panel(const TileKernel& kernel, bool half, WeightExtents extents,
                const std::int8_t* weights, const std::int32_t* bias, const float* multipliers,
                std::int32_t zero_point, std::byte* panel);

// Columns of a matrix [depth, row_stride] that is computed, from its first on.
struct MatrixExtents {
  std::int64_t columns;  // 1 to the panel's width
  std::int64_t depth;    // padded with zeros to a multiple of the kernel's depth_unit
  std::int64_t row_stride;
};

// The same for columns; what the panel held before does not matter.
void pack_columns(const TileKernel& kernel, bool half, MatrixExtents extents, const float* matrix,
                  std::byte* panel);
// XOR with `flip` makes bytes signed.
void pack_columns(const TileKernel& kernel, bool half, MatrixExtents extents,
                  const std::uint8_t* matrix, std::uint8_t flip, float multiplier,
                  std::int32_t zero_point, std::byte* panel);

}  // namespace lathe::kernels
