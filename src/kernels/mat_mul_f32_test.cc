#include "kernels/mat_mul_f32.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>

#include "base/random.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

std::vector<float> random_floats(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  Random random(seed);
  for (float& value : values) value = random.uniform(-1, 1);
  return values;
}

std::int64_t product(const std::vector<std::int64_t>& extents) {
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) count *= extent;
  return count;
}

void check(const MatMulF32Problem& problem, std::int64_t a_matrices, std::int64_t b_matrices) {
  const auto [batch, a_strides, b_strides, m, n, k, clamp] = problem;
  const std::vector<float> a = random_floats(a_matrices * m * k, 1);
  const std::vector<float> b = random_floats(b_matrices * k * n, 2);
  const std::int64_t count = product(batch);
  for (const Isa isa : supported_isas()) {
    std::vector<float> first;
    for (const int threads : {1, 2, 3}) {
      // What stands in the output and in scratch memory before must not matter.
      std::vector<float> out(static_cast<std::size_t>(count * m * n), NAN);
      ThreadPool pool(threads);
      const Runner runner(problem, isa);
      std::vector<std::byte> scratch(runner.scratch_bytes(threads) + kBufferAlignment,
                                     std::byte{0xff});
      void* place = scratch.data();
      std::size_t space = scratch.size();
      runner.run({a.data(), b.data()}, out.data(), pool,
                 std::align(kBufferAlignment, runner.scratch_bytes(threads), place, space));
      if (first.empty()) first = out;
      EXPECT_EQ(out, first) << "the number of threads changes the result";
    }
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t left = i;
      std::int64_t a_at = 0;
      std::int64_t b_at = 0;
      for (std::size_t axis = batch.size(); axis-- > 0; left /= batch[axis]) {
        a_at += left % batch[axis] * a_strides[axis];
        b_at += left % batch[axis] * b_strides[axis];
      }
      for (std::int64_t r = 0; r < m; ++r) {
        for (std::int64_t c = 0; c < n; ++c) {
          double sum = 0;
          for (std::int64_t p = 0; p < k; ++p) {
            sum += static_cast<double>(a[static_cast<std::size_t>((a_at * m + r) * k + p)]) *
                   static_cast<double>(b[static_cast<std::size_t>((b_at * k + p) * n + c)]);
          }
          sum = std::clamp<double>(sum, clamp.min, clamp.max);
          ASSERT_NEAR(first[static_cast<std::size_t>((i * m + r) * n + c)], sum,
                      1e-6 * static_cast<double>(k))
              << isa_name(isa) << " " << i << " " << r << " " << c;
        }
      }
    }
  }
}

TEST(MatMulF32, EveryTail) {
  for (const std::int64_t rows : {1, 2, 11, 12, 13, 30}) {
    for (const std::int64_t columns : {1, 7, 16, 17, 33, 64, 100}) {
      for (const std::int64_t inner : {1, 5, 40}) check({{}, {}, {}, rows, columns, inner}, 1, 1);
    }
  }
}

TEST(MatMulF32, Batches) {
  check({{6}, {1}, {1}, 5, 9, 7}, 6, 6);
  check({{2, 3}, {3, 1}, {3, 1}, 17, 40, 12}, 6, 6);
  check({{2, 3}, {3, 1}, {0, 1}, 4, 5, 6}, 6, 3);  // b is the same along the first axis
  check({{4, 2}, {1, 0}, {0, 0}, 3, 33, 8}, 4, 1);
  check({{3}, {1}, {1}, 5, 9, 7, {-0.5F, 0.25F}}, 3, 3);
}

}  // namespace
}  // namespace lathe::kernels
