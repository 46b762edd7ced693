// Integer matrix multiplication for convolutions: a tile of output pixels times a panel of output
// channels, read through row pointers. What a variant offers and how its weights are packed.
#pragma once

#include <cstdint>
#include <span>

#include "base/cpu.h"
#include "kernels/igemm_int8/args.h"

namespace lathe::kernels {

struct IgemmInt8Kernel {
  Isa isa;
  const char* name;
  void (*function)(const IgemmInt8Args&);
  int mr;  // output pixels of a tile, at most
  int nr;  // output channels of a full panel; a half panel has half of them
  // Channels in one vector register where full panels pair two of them lane by lane, so that
  // packing to bytes brings the channels back in order; 0 where channels are in order.
  int paired_lanes;
  // Each quad of input channels is stored as (0, 2) of all output channels, then (1, 3): the order
  // in which 16-bit multiply-adds consume them. Otherwise the four are contiguous.
  bool split_pairs;
};

std::span<const IgemmInt8Kernel> igemm_int8_kernels();

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

}  // namespace lathe::kernels
