#include "kernels/igemm_int8/igemm_int8_panel.h"

#include <algorithm>
#include <cstring>

#include "base/result.h"

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

constexpr std::int64_t kQuad = 4;  // rows that are packed together, and columns that are

// Four bytes of each of four rows, transposed: byte r of word c is byte c of rows[r].
inline void transpose_quad(const std::uint32_t (&rows)[4], std::uint32_t (&columns)[4]) {
  const auto swap = [](std::uint32_t& a, std::uint32_t& b, int shift, std::uint32_t mask) {
    const std::uint32_t changed = ((a >> shift) ^ b) & mask;
    b ^= changed;
    a ^= changed << shift;
  };
  std::uint32_t a = rows[0];
  std::uint32_t b = rows[1];
  std::uint32_t c = rows[2];
  std::uint32_t d = rows[3];
  swap(a, c, 16, 0xffffU);
  swap(b, d, 16, 0xffffU);
  swap(a, b, 8, 0xff00ffU);
  swap(c, d, 8, 0xff00ffU);
  columns[0] = a;
  columns[1] = b;
  columns[2] = c;
  columns[3] = d;
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

void pack_igemm_int8_columns(const IgemmInt8Kernel& kernel, bool half,
                             const IgemmInt8Columns& columns, std::byte* out) {
  constexpr int kMostSlots = 64;
  const int width = panel_width(kernel, half);
  LATHE_CHECK(width <= kMostSlots && width % kQuad == 0);
  const auto bytes = static_cast<std::size_t>(width) * sizeof(std::int32_t);
  std::byte* const weights = out + 2 * bytes;
  std::uint32_t sums[kMostSlots] = {};
  const std::uint32_t flip = columns.flip * 0x01010101U;
  // Four slots in a row hold four columns in a row.
  for (std::int64_t k = 0; k < columns.depth; k += kQuad) {
    const std::int64_t lines = std::min(kQuad, columns.depth - k);
    std::byte* const quad = weights + k * width;
    for (int slot = 0; slot < width; slot += static_cast<int>(kQuad)) {
      const std::int64_t first = igemm_int8_channel(kernel, half, slot);
      const std::int64_t present = std::clamp<std::int64_t>(columns.columns - first, 0, kQuad);
      std::uint32_t rows[4] = {};
      const std::uint8_t* from = columns.matrix + k * columns.row_stride + first;
      for (std::int64_t r = 0; r < lines; ++r, from += columns.row_stride) {
        if (present == kQuad) {
          std::memcpy(&rows[r], from, sizeof rows[r]);
        } else {
          std::memcpy(&rows[r], from, static_cast<std::size_t>(present));
        }
        rows[r] ^= flip;
      }
      std::uint32_t packed[4];
      transpose_quad(rows, packed);
      for (int c = 0; c < 4; ++c) {
        const std::uint32_t word = packed[c];
        sums[slot + c] += static_cast<std::uint32_t>(
            static_cast<std::int8_t>(word) + static_cast<std::int8_t>(word >> 8U) +
            static_cast<std::int8_t>(word >> 16U) + static_cast<std::int8_t>(word >> 24U));
      }
      if (!kernel.split_pairs) {
        std::memcpy(quad + slot * kQuad, packed, sizeof packed);
        continue;
      }
      for (int c = 0; c < 4; ++c) {  // bytes 0 and 2 of a column, then 1 and 3
        const std::uint32_t word = packed[c];
        const auto even = static_cast<std::uint16_t>((word & 0xffU) | (word >> 8U & 0xff00U));
        const auto odd = static_cast<std::uint16_t>((word >> 8U & 0xffU) | (word >> 16U & 0xff00U));
        std::memcpy(quad + (slot + c) * 2, &even, sizeof even);
        std::memcpy(quad + width * 2 + (slot + c) * 2, &odd, sizeof odd);
      }
    }
  }
  const std::int64_t packed = (columns.depth + kQuad - 1) / kQuad * kQuad;
  const std::int64_t padded =
      (packed + kernel.depth_unit - 1) / kernel.depth_unit * kernel.depth_unit;
  std::memset(weights + packed * width, 0, static_cast<std::size_t>((padded - packed) * width));
  for (int slot = 0; slot < width; ++slot) {
    const std::uint32_t bias =
        0 - static_cast<std::uint32_t>(columns.input_zero_point) * sums[slot];
    const std::size_t at = static_cast<std::size_t>(slot) * sizeof bias;
    std::memcpy(out + at, &bias, sizeof bias);
    std::memcpy(out + bytes + at, &columns.multiplier, sizeof columns.multiplier);
  }
}

}  // namespace lathe::kernels
