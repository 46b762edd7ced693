// Depthwise convolution on 8-bit activations: what a variant offers and how its weights are packed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "kernels/convolution_int8_layer.h"
#include "kernels/depthwise_int8/args.h"

namespace lathe::kernels {

struct DepthwiseInt8Kernel {
  Isa isa;
  const char* name;
  void (*function)(const DepthwiseInt8Args&);
  int min_width;  // channels of the narrowest block; a block's width is this times a power of two
  int max_width;  // and of the widest
  int row_taps;   // taps of a column multiplied at once
  int weight_bytes;  // 1 or 2
  // Slots hold channels 0 to 3 of each 16, then 4 to 7 of each 16, and so on, which is where
  // interleaving the bytes of vectors leaves them.
  bool quartered;
  // Reads and writes whole blocks only: the last block overlaps the one before, and layers have at
  // least min_width channels.
  bool overlap;
};

std::span<const DepthwiseInt8Kernel> depthwise_int8_kernels();
// The best kernel up to `isa` that takes so few channels.
const DepthwiseInt8Kernel& pick_depthwise_int8(Isa isa, std::int64_t channels);

// Channels that one call of the kernel computes, and where their packed weights are.
struct DepthwiseInt8Block {
  std::int64_t channel;
  std::int64_t channels;
  std::int64_t width;
  std::size_t offset;
};

// The blocks that cover a layer's channels, and the bytes that they take.
struct DepthwiseInt8Plan {
  std::vector<DepthwiseInt8Block> blocks;
  std::size_t bytes = 0;
};
DepthwiseInt8Plan plan_depthwise_int8(const DepthwiseInt8Kernel& kernel,
                                      const ConvolutionShape& shape);

// Writes all blocks of the layer at `out`, the zero point folded into the bias.
void pack_depthwise_int8(const DepthwiseInt8Kernel& kernel, const DepthwiseInt8Plan& plan,
                         const ConvolutionInt8Layer& layer, std::byte* out);

}  // namespace lathe::kernels
