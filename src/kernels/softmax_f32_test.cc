#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<double> exact(const float* row, std::size_t columns, bool log) {
  const double largest = *std::max_element(row, row + columns);
  double sum = 0;
  for (std::size_t j = 0; j < columns; ++j) sum += std::exp(row[j] - largest);
  std::vector<double> result(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    result[j] = log ? row[j] - largest - std::log(sum) : std::exp(row[j] - largest) / sum;
  }
  return result;
}

TEST(SoftmaxF32, MatchesDoublePrecision) {
  Random random(1);
  for (const Isa isa : supported_isas()) {
    for (const bool log : {false, true}) {
      for (const std::size_t columns : {1, 2, 7, 8, 10, 16, 17, 33, 1000}) {
        const std::size_t rows = 67;
        Runner layer(SoftmaxF32Problem{log, rows, static_cast<std::int64_t>(columns)}, isa);
        std::vector<float> in(rows * columns);
        for (float& value : in) value = random.uniform(-30, 30);
        const GuardedBuffer<float> guarded(in);
        GuardedBuffer<float> out(in.size());
        ThreadPool one(1);
        layer.run({guarded.data()}, out.data(), one);
        ASSERT_TRUE(out.intact());
        GuardedBuffer<float> in_place(in);
        ThreadPool two(2);
        layer.run({in_place.data()}, in_place.data(), two);
        ASSERT_EQ(std::memcmp(out.data(), in_place.data(), in.size() * sizeof(float)), 0);
        for (std::size_t i = 0; i < rows; ++i) {
          const auto expected = exact(in.data() + i * columns, columns, log);
          for (std::size_t j = 0; j < columns; ++j) {
            // in - largest is rounded where it may be as large as 60.
            const double tolerance =
                log ? 1e-6 * (1 + std::abs(expected[j])) : 1e-30 + 5e-6 * expected[j];
            ASSERT_NEAR(out.data()[i * columns + j], expected[j], tolerance)
                << isa_name(isa) << ", columns " << columns;
          }
        }
      }
    }
  }
}

// Along any other axis: the same bits as with that axis last.
TEST(SoftmaxF32, OtherAxes) {
  Random random(1);
  const std::int64_t rows = 3;
  for (const Isa isa : supported_isas()) {
    for (const auto& [columns, inner] : {std::pair(5, 2), std::pair(21, 16), std::pair(70, 133)}) {
      const std::int64_t whole = rows * columns * inner;
      std::vector<float> in(static_cast<std::size_t>(whole));
      for (float& value : in) value = random.uniform(-30, 30);
      const auto at = [&](std::int64_t r, std::int64_t c, std::int64_t i) {
        return static_cast<std::size_t>((r * columns + c) * inner + i);
      };
      const auto turned_at = [&](std::int64_t r, std::int64_t c, std::int64_t i) {
        return static_cast<std::size_t>((r * inner + i) * columns + c);
      };
      std::vector<float> turned(in.size());
      const auto for_each = [&](const auto& visit) {
        for (std::int64_t r = 0; r < rows; ++r)
          for (std::int64_t c = 0; c < columns; ++c)
            for (std::int64_t i = 0; i < inner; ++i) visit(at(r, c, i), turned_at(r, c, i));
      };
      for_each([&](std::size_t from, std::size_t to) { turned[to] = in[from]; });
      std::vector<float> expected(in.size());
      GuardedBuffer<float> out(in.size());
      ThreadPool pool(2);
      Runner(SoftmaxF32Problem{false, rows * inner, columns}, isa)
          .run({turned.data()}, expected.data(), pool);
      const SoftmaxF32Problem problem{false, rows, columns, inner};
      ASSERT_TRUE(check_problem(problem).ok());
      Runner(problem, isa).run({in.data()}, out.data(), pool);
      ASSERT_TRUE(out.intact());
      for_each([&](std::size_t own, std::size_t other) {
        ASSERT_EQ(out.data()[own], expected[other]) << isa_name(isa);
      });
    }
  }
}

TEST(SoftmaxF32, LargeAndInfiniteLogits) {
  ThreadPool pool(1);
  const std::vector<float> in = {1e30F, -1e30F, -kInfinity, 1e30F};
  for (const Isa isa : supported_isas()) {
    std::vector<float> out(4);
    Runner(SoftmaxF32Problem{false, 1, 4}, isa).run({in.data()}, out.data(), pool);
    EXPECT_EQ(out, (std::vector<float>{0.5F, 0, 0, 0.5F})) << isa_name(isa);
  }
}

}  // namespace
}  // namespace lathe::kernels
