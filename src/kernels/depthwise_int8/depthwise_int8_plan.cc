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

void pack_slot(const DepthwiseInt8Kernel& kernel, const ConvolutionInt8Layer& layer,
               std::int64_t channel, std::int64_t slot, std::int64_t width, std::byte* out) {
  const ConvolutionShape& shape = layer.shape;
  const std::int8_t* weights = layer.weights.data() + channel * shape.taps();
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
  const std::uint32_t bias = static_cast<std::uint32_t>(layer.bias[index]) -
                             static_cast<std::uint32_t>(layer.input.unsigned_zero_point()) * sum;
  std::memcpy(out + slot * 4, &bias, sizeof bias);
  std::memcpy(out + (width + slot) * 4, &layer.multipliers[index], sizeof(float));
}

}  // namespace

DepthwiseInt8Plan plan_depthwise_int8(const DepthwiseInt8Kernel& kernel,
                                      const ConvolutionShape& shape) {
  DepthwiseInt8Plan plan;
  const std::int64_t slot_bytes =
      8 + shape.kernel_w * row_groups(kernel, shape) * kernel.row_taps * kernel.weight_bytes;
  for (std::int64_t channel = 0; channel < shape.in_c;) {
    const std::int64_t left = shape.in_c - channel;
    std::int64_t width = kernel.min_width;
    while (width < left && width < kernel.max_width) width *= 2;
    if (kernel.overlap && left < width) channel = shape.in_c - width;
    plan.blocks.push_back({channel, std::min(shape.in_c - channel, width), width, plan.bytes});
    plan.bytes += static_cast<std::size_t>(width * slot_bytes);
    channel += width;
  }
  return plan;
}

void pack_depthwise_int8(const DepthwiseInt8Kernel& kernel, const DepthwiseInt8Plan& plan,
                         const ConvolutionInt8Layer& layer, std::byte* out) {
  std::memset(out, 0, plan.bytes);
  for (const DepthwiseInt8Block& block : plan.blocks) {
    for (std::int64_t slot = 0; slot < block.width; ++slot) {
      const std::int64_t channel = slot_channel(kernel, block.width, slot);
      if (channel >= block.channels) continue;
      pack_slot(kernel, layer, block.channel + channel, slot, block.width, out + block.offset);
    }
  }
}

}  // namespace lathe::kernels
