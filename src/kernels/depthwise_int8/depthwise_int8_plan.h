// How a layer's channels are divided into blocks for a depthwise kernel, and how the weights of
// these are packed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/depthwise_int8/kernels.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// Channels that one call of the kernel computes, and where their packed weights are.
struct DepthwiseInt8Block {
  std::int64_t channel;
  std::int64_t channels;
  std::int64_t width;
  std::size_t offset;
};

// The blocks that cover a layer's channels, one after the other.
class DepthwiseInt8Blocks {
 public:
  // Both must outlive it.
  DepthwiseInt8Blocks(const DepthwiseInt8Kernel& kernel, const ConvolutionShape& shape);
  // Sets `block` to the next one; false behind the last.
  bool next(DepthwiseInt8Block& block);
  // Where the blocks given so far end.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  const DepthwiseInt8Kernel& kernel_;
  std::int64_t channels_;
  std::int64_t slot_bytes_;
  std::int64_t channel_ = 0;
  std::size_t bytes_ = 0;
};

// Of all blocks.
std::size_t depthwise_int8_bytes(const DepthwiseInt8Kernel& kernel, const ConvolutionShape& shape);

// Writes all blocks of the layer at `out`, the zero point folded into the bias.
void pack_depthwise_int8(const DepthwiseInt8Kernel& kernel, const ConvolutionInt8Problem& problem,
                         const WeightsInt8& weights, std::byte* out);

}  // namespace lathe::kernels
