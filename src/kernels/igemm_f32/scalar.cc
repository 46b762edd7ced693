#include "kernels/igemm_f32/args.h"

namespace lathe::kernels {

void igemm_f32_4x8_scalar(const IgemmF32Args& args) {
  constexpr int kNr = 8;
  for (int i = 0; i < args.row_count; ++i) {
    float sums[kNr];
    for (int j = 0; j < kNr; ++j) sums[j] = args.panel[j];
    const float* weights = args.panel + kNr;
    for (std::size_t tap = 0; tap < args.taps; ++tap) {
      const float* row =
          args.rows[tap * args.row_pitch + static_cast<std::size_t>(i)] + args.offset;
      for (std::size_t k = 0; k < args.depth; ++k, weights += kNr) {
        for (int j = 0; j < kNr; ++j) sums[j] += row[k] * weights[j];
      }
    }
    const std::size_t start = static_cast<std::size_t>(i) * args.out_stride;
    for (int j = 0; j < args.column_count; ++j) {
      float value = sums[j];
      if (args.residual != nullptr) value += args.residual[start + static_cast<std::size_t>(j)];
      value = value < args.min ? args.min : value;
      args.out[start + static_cast<std::size_t>(j)] = value > args.max ? args.max : value;
    }
  }
}

}  // namespace lathe::kernels
