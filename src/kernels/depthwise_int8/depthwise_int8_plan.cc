#include "kernels/depthwise_int8/depthwise_int8_plan.h"

#include <algorithm>
#include <cstring>

namespace lathe::kernels {
namespace {

std::int64_t row_groups(const DepthwiseInt8Kernel& kernel, const ConvolutionShape& shape) {
  return (shape.kernel_h + kernel.row_taps - 1) / kernel.row_taps;
}

// The channel, counted from the block's first, that a slot holds.
std::int64_t slot_channel(const DepthwiseInt8Kernel& kernel, std::int64_t width,
                          std::int64_t slot) {
  if (!kernel.quartered) return slot;
  const std::int64_t quarter = slot / (width / 4);
  const std::int64_t lane = slot % (width / 4) / 4;
  return lane * 16 + quarter * 4 + slot % 4;
}

void pack_slot(const DepthwiseInt8Kernel& kernel, const ConvolutionInt8Problem& problem,
               const WeightsInt8& source, std::int64_t channel, std::int64_t slot,
               std::int64_t width, std::byte* out) {
  const ConvolutionShape& shape = problem.shape;
  const std::int8_t* weights = source.weights.data() + channel * shape.taps();
  std::byte* packed = out + width * 8;
  std::uint32_t sum = 0;
  for (std::int64_t kx = 0; kx < shape.kernel_w; ++kx) {
    for (std::int64_t ky = 0; ky < shape.kernel_h; ++ky) {
      const std::int8_t weight = weights[ky * shape.kernel_w + kx];
      sum += static_cast<std::uint32_t>(weight);
      const std::int64_t group = kx * row_groups(kernel, shape) + ky / kernel.row_taps;
      const std::int64_t at = (group * width + slot) * kernel.row_taps + ky % kernel.row_taps;
      if (kernel.weight_bytes == 1) {
        std::memcpy(packed + at, &weight, sizeof weight);
      } else {
        const std::int16_t wide = weight;
        std::memcpy(packed + at * 2, &wide, sizeof wide);
      }
    }
  }
  const auto index = static_cast<std::size_t>(channel);
  const std::int32_t given = source.bias.empty() ? 0 : source.bias[index];
  const std::uint32_t bias = static_cast<std::uint32_t>(given) -
                             static_cast<std::uint32_t>(problem.input.unsigned_zero_point()) * sum;
  std::memcpy(out + slot * 4, &bias, sizeof bias);
  std::memcpy(out + (width + slot) * 4, &source.multipliers[index], sizeof(float));
}

}  // namespace

DepthwiseInt8Blocks::DepthwiseInt8Blocks(const DepthwiseInt8Kernel& kernel,
                                         const ConvolutionShape& shape)
    : kernel_(kernel),
      channels_(shape.in_c),
      slot_bytes_(8 + shape.kernel_w * row_groups(kernel, shape) * kernel.row_taps *
                          kernel.weight_bytes) {}

bool DepthwiseInt8Blocks::next(DepthwiseInt8Block& block) {
  if (channel_ >= channels_) return false;
  const std::int64_t left = channels_ - channel_;
  std::int64_t width = kernel_.min_width;
  while (width < left && width < kernel_.max_width) width *= 2;
  if (kernel_.overlap && left < width) channel_ = channels_ - width;
  block = {channel_, std::min(channels_ - channel_, width), width, bytes_};
  bytes_ += static_cast<std::size_t>(width * slot_bytes_);
  channel_ += width;
  return true;
}

std::size_t depthwise_int8_bytes(const DepthwiseInt8Kernel& kernel, const ConvolutionShape& shape) {
  DepthwiseInt8Blocks blocks(kernel, shape);
  for (DepthwiseInt8Block block; blocks.next(block);) {
  }
  return blocks.bytes();
}

void pack_depthwise_int8(const DepthwiseInt8Kernel& kernel, const ConvolutionInt8Problem& problem,
                         const WeightsInt8& weights, std::byte* out) {
  std::memset(out, 0, depthwise_int8_bytes(kernel, problem.shape));
  DepthwiseInt8Blocks blocks(kernel, problem.shape);
  for (DepthwiseInt8Block block; blocks.next(block);) {
    for (std::int64_t slot = 0; slot < block.width; ++slot) {
      const std::int64_t channel = slot_channel(kernel, block.width, slot);
      if (channel >= block.channels) continue;
      pack_slot(kernel, problem, weights, block.channel + channel, slot, block.width,
                out + block.offset);
    }
  }
}

}  // namespace lathe::kernels
