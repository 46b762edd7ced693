#include "kernels/igemm_f32/kernels.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "base/random.h"
#include "kernels/aligned_buffer.h"
#include "kernels/guarded_buffer.h"
#include "kernels/pick.h"

namespace lathe::kernels {
namespace {

struct Tile {
  std::size_t rows;
  std::size_t columns;
  std::size_t taps;
  std::size_t depth;
  bool residual;
};

void check(const IgemmF32Kernel& kernel, const Tile& tile, Random& random) {
  SCOPED_TRACE(testing::Message() << kernel.name << ": " << tile.rows << "x" << tile.columns << ", "
                                  << tile.taps << " taps of " << tile.depth);
  constexpr std::size_t kOffset = 3;
  const auto nr = static_cast<std::size_t>(kernel.nr);
  const std::size_t stride = tile.columns + 5;  // the columns between two rows are not the tile's
  const std::size_t pitch = tile.rows + 1;
  AlignedBuffer<float> panel(nr * (1 + tile.taps * tile.depth));
  for (float& value : panel.span()) value = random.uniform(-1, 1);
  std::vector<float> in((tile.taps * tile.rows + 1) * (tile.depth + kOffset));
  for (float& value : in) value = random.uniform(-1, 1);
  std::vector<const float*> rows(tile.taps * pitch, nullptr);
  for (std::size_t tap = 0; tap < tile.taps; ++tap) {
    for (std::size_t i = 0; i < tile.rows; ++i) {
      rows[tap * pitch + i] =
          in.data() +
          random.below(static_cast<std::uint32_t>(in.size() - tile.depth - kOffset + 1));
    }
  }
  std::vector<float> residual(tile.rows * stride);
  for (float& value : residual) value = random.uniform(-1, 1);
  GuardedBuffer<float> out(tile.rows * stride);
  kernel.function({rows.data(), pitch, kOffset, tile.taps, tile.depth, panel.data(),
                   tile.residual ? residual.data() : nullptr, out.data(), stride,
                   static_cast<int>(tile.rows), static_cast<int>(tile.columns), -2, 3});
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
          expected += double{rows[tap * pitch + i][kOffset + k]} *
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
  for (const IgemmF32Kernel& kernel : kIgemmF32Kernels) {
    if (!isa_supported(kernel.isa)) continue;
    for (std::int64_t rows = 1; rows <= kernel.mr; ++rows) {
      for (std::int64_t columns = 1; columns <= kernel.nr; ++columns) {
        check(kernel,
              {static_cast<std::size_t>(rows), static_cast<std::size_t>(columns),
               1 + random.below(4), 1 + random.below(20), random.below(2) == 0},
              random);
      }
    }
  }
}

TEST(IgemmF32Kernels, PickTakesTheNarrowestThatHoldsTheColumns) {
  EXPECT_EQ(pick(kIgemmF32Kernels, Isa::kScalar, 100).isa, Isa::kScalar);
  for (const IgemmF32Kernel& kernel : kIgemmF32Kernels) {
    EXPECT_EQ(&pick(kIgemmF32Kernels, kernel.isa, kernel.nr), &kernel);
    EXPECT_EQ(pick(kIgemmF32Kernels, kernel.isa, 1).mr, kernel.mr)
        << "one height for each instruction set";
  }
}

}  // namespace
}  // namespace lathe::kernels
