#include "kernels/layer_norm_f32.h"

#include <cmath>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

std::vector<float> numbers(std::int64_t count, std::uint64_t seed, float offset) {
  Random random(seed);
  std::vector<float> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(offset + random.normal());
  return all;
}

// Rows far from 0, where a difference of sums of squares would cancel.
TEST(LayerNormF32, MatchesItsDefinition) {
  for (const std::int64_t columns : {1, 3, 16, 37, 768}) {
    for (const float offset : {0.0F, 1000.0F}) {
      const std::int64_t rows = 9;
      const auto in = numbers(rows * columns, 1, offset);
      const auto scale = numbers(columns, 2, 1);
      const auto bias = numbers(columns, 3, 0);
      for (const bool has_bias : {false, true}) {
        const LayerNormF32Problem problem{rows, columns, 1e-5F, has_bias};
        ASSERT_TRUE(check_problem(problem).ok());
        for (const Isa isa : supported_isas()) {
          GuardedBuffer<float> out(in.size());
          ThreadPool pool(2);
          if (has_bias) {
            Runner(problem, isa).run({in.data(), scale.data(), bias.data()}, out.data(), pool);
          } else {
            Runner(problem, isa).run({in.data(), scale.data()}, out.data(), pool);
          }
          ASSERT_TRUE(out.intact());
          for (std::int64_t r = 0; r < rows; ++r) {
            const auto at = [&](std::int64_t i) {
              return static_cast<double>(in[static_cast<std::size_t>(r * columns + i)]);
            };
            double mean = 0;
            for (std::int64_t i = 0; i < columns; ++i) mean += at(i) / static_cast<double>(columns);
            double variance = 0;
            for (std::int64_t i = 0; i < columns; ++i)
              variance += (at(i) - mean) * (at(i) - mean) / static_cast<double>(columns);
            for (std::int64_t i = 0; i < columns; ++i) {
              const auto c = static_cast<std::size_t>(i);
              const double expected =
                  (at(i) - mean) / std::sqrt(variance + 1e-5) * static_cast<double>(scale[c]) +
                  (has_bias ? static_cast<double>(bias[c]) : 0.0);
              // The mean is rounded to float32, half a place of the offset.
              ASSERT_NEAR(out.data()[r * columns + i], expected,
                          2e-6 * (1 + std::abs(expected)) + 1e-6 * static_cast<double>(offset));
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace lathe::kernels
