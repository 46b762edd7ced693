#include "kernels/igemm_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kNr = 8;

template <std::size_t kRows>
void tile(const IgemmF32Args& args) {
  float sums[kRows][kNr];
  for (auto& row : sums) {
    for (std::size_t j = 0; j < kNr; ++j) row[j] = args.panel[j];
  }
  const float* weights = args.panel + kNr;
  for (std::size_t tap = 0; tap < args.taps; ++tap) {
    const float* const* rows = args.rows + tap * args.row_pitch;
    for (std::size_t k = 0; k < args.depth; ++k, weights += kNr) {
      for (std::size_t i = 0; i < kRows; ++i) {
        const float value = rows[i][args.offset + k];
        for (std::size_t j = 0; j < kNr; ++j) sums[i][j] += value * weights[j];
      }
    }
  }
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::size_t start = i * args.out_stride;
    for (std::size_t j = 0; j < static_cast<std::size_t>(args.column_count); ++j) {
      float value = sums[i][j];
      if (args.residual != nullptr) value += args.residual[start + j];
      value = value < args.min ? args.min : value;
      args.out[start + j] = value > args.max ? args.max : value;
    }
  }
}

}  // namespace

void igemm_f32_4x8_scalar(const IgemmF32Args& args) {
  switch (args.row_count) {
    case 1:
      return tile<1>(args);
    case 2:
      return tile<2>(args);
    case 3:
      return tile<3>(args);
    default:
      return tile<4>(args);
  }
}

}  // namespace lathe::kernels
