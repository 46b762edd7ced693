// How the weights of a panel of output channels are packed for a kernel of integer matrix
// multiplication.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/igemm_int8/kernels.h"

namespace lathe::kernels {

// The output channel, counted from the panel's first, that a slot of a packed panel holds.
int igemm_int8_channel(const IgemmInt8Kernel& kernel, bool half, int slot);

// Bytes of a packed panel for `depth` input channels and taps, a multiple of 4.
std::size_t igemm_int8_panel_bytes(const IgemmInt8Kernel& kernel, bool half, std::int64_t depth);

// What a panel is packed from.
struct IgemmInt8Panel {
  std::span<const std::int8_t> weights;  // [channels, depth_used], depth_used <= depth
  std::span<const std::int32_t> bias;    // [channels]
  std::span<const float> multipliers;    // [channels]
  std::int64_t depth;                    // padded with zero weights up to this
  std::int32_t input_zero_point;         // of the unsigned form of the input
};

// Writes igemm_int8_panel_bytes() at `out`, the zero point folded into the bias.
void pack_igemm_int8_panel(const IgemmInt8Kernel& kernel, bool half, const IgemmInt8Panel& panel,
                           std::byte* out);

// A panel of the columns of a matrix that is computed.
struct IgemmInt8Columns {
  const std::uint8_t* matrix;  // the first column's, of [depth, row_stride]
  std::int64_t depth;          // rows, padded with zeros to a multiple of depth_unit
  std::int64_t row_stride;
  std::int64_t columns;  // 1 to the panel's width
  std::uint8_t flip;     // XOR with it makes bytes signed
  float multiplier;
  std::int32_t input_zero_point;  // of the unsigned form of the input
};

// The same for columns.
void pack_igemm_int8_columns(const IgemmInt8Kernel& kernel, bool half,
                             const IgemmInt8Columns& columns, std::byte* out);

}  // namespace lathe::kernels
