#include "kernels/igemm/tile.h"
#include "kernels/storage.h"

namespace lathe::kernels {
namespace {

template <typename Stored, std::size_t kRows, std::size_t kColumns>
void finish(const TileArgs& args, const float (&sums)[kRows][kColumns]) {
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::size_t start = i * args.out_stride;
    const Stored* residual = nullptr;
    if (args.residual != nullptr) residual = reinterpret_cast<const Stored*>(args.residual + start);
    auto* out = reinterpret_cast<Stored*>(args.out + start);
    for (std::size_t j = 0; j < static_cast<std::size_t>(args.column_count); ++j) {
      float value = sums[i][j];
      if (residual != nullptr) value += load(residual[j]);
      value = value < args.min ? args.min : value;
      out[j] = store<Stored>(value > args.max ? args.max : value);
    }
  }
}

// Weights of two inputs lie together where they are bfloat16.
template <typename Stored, std::size_t kRows, std::size_t kColumns>
void tile(const TileArgs& args) {
  constexpr std::size_t kInputs = sizeof(float) / sizeof(Stored);
  const auto* panel = reinterpret_cast<const float*>(args.panel);
  float sums[kRows][kColumns];
  for (auto& row : sums) {
    for (std::size_t j = 0; j < kColumns; ++j) row[j] = panel[j];
  }
  const auto* weights = reinterpret_cast<const Stored*>(panel + kColumns);
  for (std::size_t tap = 0; tap < args.taps; ++tap) {
    const std::byte* const* rows = args.rows + tap * args.row_pitch;
    for (std::size_t k = 0; k < args.depth; k += kInputs, weights += kInputs * kColumns) {
      for (std::size_t i = 0; i < kRows; ++i) {
        const auto* values = reinterpret_cast<const Stored*>(rows[i] + args.offset) + k;
        for (std::size_t part = 0; part < kInputs; ++part) {
          const float value = load(values[part]);
          for (std::size_t j = 0; j < kColumns; ++j)
            sums[i][j] += value * load(weights[j * kInputs + part]);
        }
      }
    }
  }
  if (args.float_output) {
    finish<float>(args, sums);
  } else {
    finish<Stored>(args, sums);
  }
}

template <typename Stored, std::size_t kColumns>
void of_height(const TileArgs& args) {
  switch (args.row_count) {
    case 1:
      return tile<Stored, 1, kColumns>(args);
    case 2:
      return tile<Stored, 2, kColumns>(args);
    case 3:
      return tile<Stored, 3, kColumns>(args);
    default:
      return tile<Stored, 4, kColumns>(args);
  }
}

}  // namespace

void igemm_f32_4x8_scalar(const TileArgs& args) {
  args.half ? of_height<float, 4>(args) : of_height<float, 8>(args);
}
void igemm_bf16_4x8_scalar(const TileArgs& args) {
  args.half ? of_height<BFloat16, 4>(args) : of_height<BFloat16, 8>(args);
}

}  // namespace lathe::kernels
