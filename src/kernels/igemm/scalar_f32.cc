#include "kernels/igemm/tile.h"

namespace lathe::kernels {
namespace {

template <std::size_t kRows, std::size_t kColumns>
void tile(const TileArgs& args) {
  const auto* panel = reinterpret_cast<const float*>(args.panel);
  float sums[kRows][kColumns];
  for (auto& row : sums) {
    for (std::size_t j = 0; j < kColumns; ++j) row[j] = panel[j];
  }
  const float* weights = panel + kColumns;
  for (std::size_t tap = 0; tap < args.taps; ++tap) {
    const std::byte* const* rows = args.rows + tap * args.row_pitch;
    for (std::size_t k = 0; k < args.depth; ++k, weights += kColumns) {
      for (std::size_t i = 0; i < kRows; ++i) {
        const float value = reinterpret_cast<const float*>(rows[i] + args.offset)[k];
        for (std::size_t j = 0; j < kColumns; ++j) sums[i][j] += value * weights[j];
      }
    }
  }
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::size_t start = i * args.out_stride;
    const float* residual =
        args.residual == nullptr ? nullptr : reinterpret_cast<const float*>(args.residual + start);
    auto* out = reinterpret_cast<float*>(args.out + start);
    for (std::size_t j = 0; j < static_cast<std::size_t>(args.column_count); ++j) {
      float value = sums[i][j];
      if (residual != nullptr) value += residual[j];
      value = value < args.min ? args.min : value;
      out[j] = value > args.max ? args.max : value;
    }
  }
}

template <std::size_t kColumns>
void of_height(const TileArgs& args) {
  switch (args.row_count) {
    case 1:
      return tile<1, kColumns>(args);
    case 2:
      return tile<2, kColumns>(args);
    case 3:
      return tile<3, kColumns>(args);
    default:
      return tile<4, kColumns>(args);
  }
}

}  // namespace

void igemm_f32_4x8_scalar(const TileArgs& args) {
  args.half ? of_height<4>(args) : of_height<8>(args);
}

}  // namespace lathe::kernels
