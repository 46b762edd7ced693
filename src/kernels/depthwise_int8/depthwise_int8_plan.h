// How a layer's channels are divided into blocks for a depthwise kernel, and how the weights of
// these are packed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/convolution_int8_layer.h"
#include "kernels/depthwise_int8/kernels.h"

namespace lathe::kernels {

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
