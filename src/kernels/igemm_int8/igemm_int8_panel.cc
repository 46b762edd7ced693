#include "kernels/igemm_int8/igemm_int8_panel.h"

#include <cstring>

namespace lathe::kernels {
namespace {

int panel_width(const IgemmInt8Kernel& kernel, bool half) {
  return half ? kernel.nr / 2 : kernel.nr;
}

// Where in a panel's weights input k of a slot lies.
std::int64_t weight_offset(const IgemmInt8Kernel& kernel, int width, int slot, std::int64_t k) {
  const std::int64_t quad = k / 4 * width * 4;
  if (!kernel.split_pairs) return quad + slot * 4 + k % 4;
  return quad + k % 2 * width * 2 + slot * 2 + k % 4 / 2;
}

}  // namespace

int igemm_int8_channel(const IgemmInt8Kernel& kernel, bool half, int slot) {
  if (half || kernel.paired_lanes == 0) return slot;
  const int vector = slot / kernel.paired_lanes;
  const int lane = slot % kernel.paired_lanes / 4;
  return lane * 8 + vector * 4 + slot % 4;
}

std::size_t igemm_int8_panel_bytes(const IgemmInt8Kernel& kernel, bool half, std::int64_t depth) {
  const auto width = static_cast<std::size_t>(panel_width(kernel, half));
  return width * (sizeof(std::int32_t) + sizeof(float) + static_cast<std::size_t>(depth));
}

void pack_igemm_int8_panel(const IgemmInt8Kernel& kernel, bool half, const IgemmInt8Panel& panel,
                           std::byte* out) {
  const int width = panel_width(kernel, half);
  std::byte* multipliers = out + sizeof(std::int32_t) * static_cast<std::size_t>(width);
  auto* weights =
      reinterpret_cast<std::int8_t*>(multipliers + sizeof(float) * static_cast<std::size_t>(width));
  std::memset(out, 0, igemm_int8_panel_bytes(kernel, half, panel.depth));
  const auto channels = static_cast<std::int64_t>(panel.bias.size());
  const std::int64_t depth = static_cast<std::int64_t>(panel.weights.size()) / channels;
  for (int slot = 0; slot < width; ++slot) {
    const int channel = igemm_int8_channel(kernel, half, slot);
    if (channel >= channels) continue;
    const auto source = panel.weights.subspan(static_cast<std::size_t>(channel * depth),
                                              static_cast<std::size_t>(depth));
    std::uint32_t sum = 0;
    for (std::int64_t k = 0; k < depth; ++k) {
      const std::int8_t weight = source[static_cast<std::size_t>(k)];
      weights[weight_offset(kernel, width, slot, k)] = weight;
      sum += static_cast<std::uint32_t>(weight);
    }
    const auto index = static_cast<std::size_t>(channel);
    const std::uint32_t bias = static_cast<std::uint32_t>(panel.bias[index]) -
                               static_cast<std::uint32_t>(panel.input_zero_point) * sum;
    const std::size_t at = static_cast<std::size_t>(slot) * 4;
    std::memcpy(out + at, &bias, sizeof bias);
    std::memcpy(multipliers + at, &panel.multipliers[index], sizeof(float));
  }
}

}  // namespace lathe::kernels
