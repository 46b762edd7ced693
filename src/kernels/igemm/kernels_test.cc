#include "kernels/igemm/kernels.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "base/random.h"
#include "kernels/aligned_buffer.h"
#include "kernels/guarded_buffer.h"

namespace lathe::kernels {
namespace {

struct Tile {
  std::size_t rows;
  std::size_t columns;
  std::size_t taps;
  std::size_t depth;
  bool residual;
  bool half;
  bool few_rows;
};

void check(const TileKernel& kernel, const Tile& tile, Random& random) {
  SCOPED_TRACE(testing::Message() << kernel.name << ": " << tile.rows << "x" << tile.columns << ", "
                                  << tile.taps << " taps of " << tile.depth);
  constexpr std::size_t kOffset = 3;
  const auto nr = static_cast<std::size_t>(kernel.width(tile.half));
  const std::size_t stride = tile.columns + 5;  // the columns between two rows are not the tile's
  const std::size_t pitch = tile.rows + 1;
  AlignedBuffer<float> panel(nr * (1 + tile.taps * tile.depth));
  for (float& value : panel.span()) value = random.uniform(-1, 1);
  std::vector<float> in((tile.taps * tile.rows + 1) * (tile.depth + kOffset));
  for (float& value : in) value = random.uniform(-1, 1);
  std::vector<const std::byte*> rows(tile.taps * pitch, nullptr);
  for (std::size_t tap = 0; tap < tile.taps; ++tap) {
    for (std::size_t i = 0; i < tile.rows; ++i) {
      rows[tap * pitch + i] = reinterpret_cast<const std::byte*>(
          in.data() +
          random.below(static_cast<std::uint32_t>(in.size() - tile.depth - kOffset + 1)));
    }
  }
  std::vector<float> residual(tile.rows * stride);
  for (float& value : residual) value = random.uniform(-1, 1);
  GuardedBuffer<float> out(tile.rows * stride);
  TileArgs args{};
  args.rows = rows.data();
  args.row_pitch = pitch;
  args.offset = kOffset * sizeof(float);
  args.taps = tile.taps;
  args.depth = tile.depth;
  args.panel = reinterpret_cast<const std::byte*>(panel.data());
  args.half = tile.half;
  args.row_count = static_cast<int>(tile.rows);
  args.few_rows = tile.few_rows;
  args.column_count = static_cast<int>(tile.columns);
  args.out = reinterpret_cast<std::byte*>(out.data());
  args.out_stride = stride * sizeof(float);
  if (tile.residual) args.residual = reinterpret_cast<const std::byte*>(residual.data());
  args.min = -2;
  args.max = 3;
  kernel.function(args);
  ASSERT_TRUE(out.intact());
  for (std::size_t i = 0; i < tile.rows; ++i) {
    for (std::size_t j = 0; j < stride; ++j) {
      const float actual = out.data()[i * stride + j];
      if (j >= tile.columns) {
        ASSERT_TRUE(std::isnan(actual)) << "wrote beyond the tile's columns";
        continue;
      }
      double expected = panel.data()[j];
      for (std::size_t tap = 0; tap < tile.taps; ++tap) {
        for (std::size_t k = 0; k < tile.depth; ++k) {
          expected += double{reinterpret_cast<const float*>(rows[tap * pitch + i])[kOffset + k]} *
                      double{panel.data()[nr * (1 + tap * tile.depth + k) + j]};
        }
      }
      if (tile.residual) expected += residual[i * stride + j];
      const auto terms = static_cast<double>(tile.taps * tile.depth + 2);
      ASSERT_NEAR(actual, std::clamp(expected, -2.0, 3.0),
                  terms * std::numeric_limits<float>::epsilon())
          << "row " << i << ", column " << j;
    }
  }
}

TEST(IgemmF32Kernels, EveryTileOfEveryKernel) {
  Random random(1);
  for (const TileKernel& kernel : kIgemmF32Kernels) {
    if (!isa_supported(kernel.isa)) continue;
    for (std::int64_t rows = 1; rows <= kernel.mr; ++rows) {
      for (std::int64_t columns = 1; columns <= kernel.nr; ++columns) {
        for (const bool half : {false, true}) {
          if (columns > kernel.width(half)) continue;
          check(kernel,
                {static_cast<std::size_t>(rows), static_cast<std::size_t>(columns),
                 1 + random.below(4), 1 + random.below(20), random.below(2) == 0, half,
                 random.below(2) == 0},
                random);
        }
      }
    }
  }
}

}  // namespace
}  // namespace lathe::kernels
