#include "kernels/igemm/panel.h"

#include <algorithm>
#include <cstring>

#include "base/result.h"
#include "kernels/rounding.h"
#include "kernels/storage.h"

namespace lathe::kernels {
namespace {

// Bytes of a slot before the weights.
std::int64_t head_bytes(Dot dot) { return dot == Dot::kInt8 ? 8 : 4; }

template <typename Packed, typename Weight>
Packed converted(Weight weight) {
  if constexpr (std::is_same_v<Weight, float>) {
    return store<Packed>(weight);
  } else {
    return weight;
  }
}

// Some channels at a time, so that what is read of
// all columns and what is written stays in the first cache.
template <typename Packed, typename Weight>
void pack_weights(const TileKernel& kernel, bool half, WeightExtents extents, const Weight* weights,
                  std::byte* panel) {
  constexpr std::int64_t kChannels = 16;
  constexpr std::int64_t kInputs = 4 / sizeof(Packed);
  const std::int64_t width = kernel.width(half);
  const auto [columns, channels, taps, line_taps, line_depth] = extents;
  auto* const packed = reinterpret_cast<Packed*>(panel + width * head_bytes(kernel.dot));
  for (std::int64_t c = 0; c < channels; c += kChannels) {
    const std::int64_t end = std::min(c + kChannels, channels);
    for (std::int64_t slot = 0; slot < width; ++slot) {
      const std::int64_t column = igemm_channel(kernel, half, slot);
      if (column >= columns) continue;
      const Weight* from = weights + (column * channels + c) * taps;
      for (std::int64_t i = c; i < end; ++i) {
        for (std::int64_t tap = 0; tap < taps; ++tap) {
          const std::int64_t k = tap / line_taps * line_depth + tap % line_taps * channels + i;
          packed[(k / kInputs * width + slot) * kInputs + k % kInputs] = converted<Packed>(*from++);
        }
      }
    }
  }
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

std::int64_t igemm_channel(const TileKernel& kernel, bool half, std::int64_t slot) {
  if (half || kernel.paired_lanes == 0) return slot;
  const std::int64_t vector = slot / kernel.paired_lanes;
  const std::int64_t lane = slot % kernel.paired_lanes / 4;
  return lane * 8 + vector * 4 + slot % 4;
}

std::int64_t igemm_panel_bytes(const TileKernel& kernel, bool half, std::int64_t depth) {
  return kernel.width(half) * (head_bytes(kernel.dot) + depth * element_bytes(kernel.dot));
}

void pack_panel(const TileKernel& kernel, bool half, WeightExtents extents, const float* weights,
                const float* bias, std::byte* panel) {
  if (bias != nullptr) std::copy_n(bias, extents.columns, reinterpret_cast<float*>(panel));
  if (kernel.dot == Dot::kBF16) {
    pack_weights<BFloat16>(kernel, half, extents, weights, panel);
  } else {
    pack_weights<float>(kernel, half, extents, weights, panel);
  }
}

void pack_panel(const TileKernel& kernel, bool half, WeightExtents extents,
                const std::int8_t* weights, const std::int32_t* bias, const float* multipliers,
                std::int32_t zero_point, std::byte* panel) {
  const std::int64_t width = kernel.width(half);
  auto* const biases = reinterpret_cast<std::uint32_t*>(panel);
  auto* const scales = reinterpret_cast<float*>(panel + width * 4);
  const std::int64_t depth = extents.channels * extents.taps;
  for (std::int64_t slot = 0; slot < width; ++slot) {
    const std::int64_t column = igemm_channel(kernel, half, slot);
    if (column >= extents.columns) continue;
    std::uint32_t sum = 0;
    for (std::int64_t k = 0; k < depth; ++k)
      sum += static_cast<std::uint32_t>(weights[column * depth + k]);
    const auto own = static_cast<std::uint32_t>(bias == nullptr ? 0 : bias[column]);
    biases[slot] = own - static_cast<std::uint32_t>(zero_point - kernel.subtracts) * sum;
    scales[slot] = multipliers[column];
  }
  pack_weights<std::int8_t>(kernel, half, extents, weights, panel);
}

void pack_columns(const TileKernel& kernel, bool half, MatrixExtents extents, const float* matrix,
                  std::byte* panel) {
  LATHE_CHECK(kernel.dot == Dot::kF32);
  const std::int64_t width = kernel.width(half);
  float* row = std::fill_n(reinterpret_cast<float*>(panel), width, 0.0F);
  for (std::int64_t k = 0; k < extents.depth; ++k) {
    row = std::copy_n(matrix + k * extents.row_stride, extents.columns, row);
    row = std::fill_n(row, width - extents.columns, 0.0F);
  }
}

void pack_columns(const TileKernel& kernel, bool half, MatrixExtents extents,
                  const std::uint8_t* matrix, std::uint8_t flip, float multiplier,
                  std::int32_t zero_point, std::byte* panel) {
  constexpr std::int64_t kMostSlots = 64;
  const std::int64_t width = kernel.width(half);
  LATHE_CHECK(width <= kMostSlots && width % kQuad == 0);
  auto* const biases = reinterpret_cast<std::uint32_t*>(panel);
  auto* const scales = reinterpret_cast<float*>(panel + width * 4);
  std::byte* const weights = panel + width * 8;
  std::uint32_t sums[kMostSlots] = {};
  const std::uint32_t flips = flip * 0x01010101U;
  // Four slots in a row hold four columns in a row.
  for (std::int64_t k = 0; k < extents.depth; k += kQuad) {
    const std::int64_t lines = std::min(kQuad, extents.depth - k);
    std::byte* const quad = weights + k * width;
    for (std::int64_t slot = 0; slot < width; slot += kQuad) {
      const std::int64_t first = igemm_channel(kernel, half, slot);
      const std::int64_t present = std::clamp<std::int64_t>(extents.columns - first, 0, kQuad);
      std::uint32_t rows[4] = {};
      const std::uint8_t* from = matrix + k * extents.row_stride + first;
      for (std::int64_t r = 0; r < lines; ++r, from += extents.row_stride) {
        if (present == kQuad) {
          std::memcpy(&rows[r], from, sizeof rows[r]);
        } else {
          std::memcpy(&rows[r], from, static_cast<std::size_t>(present));
        }
        rows[r] ^= flips;
      }
      std::uint32_t packed[4];
      transpose_quad(rows, packed);
      for (int c = 0; c < 4; ++c) {
        const std::uint32_t word = packed[c];
        sums[slot + c] += static_cast<std::uint32_t>(
            static_cast<std::int8_t>(word) + static_cast<std::int8_t>(word >> 8U) +
            static_cast<std::int8_t>(word >> 16U) + static_cast<std::int8_t>(word >> 24U));
      }
      std::memcpy(quad + slot * kQuad, packed, sizeof packed);
    }
  }
  const std::int64_t packed = round_up(extents.depth, kQuad);
  const std::int64_t padded = round_up(extents.depth, kernel.depth_unit);
  std::memset(weights + packed * width, 0, static_cast<std::size_t>((padded - packed) * width));
  for (std::int64_t slot = 0; slot < width; ++slot) {
    biases[slot] = 0 - static_cast<std::uint32_t>(zero_point - kernel.subtracts) * sums[slot];
    scales[slot] = multiplier;
  }
}

}  // namespace lathe::kernels
