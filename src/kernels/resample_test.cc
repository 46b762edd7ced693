#include "kernels/resample.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

class InterpolateF32Test : public testing::Test {
 protected:
  std::int64_t upto(std::uint32_t bound) { return 1 + random_.below(bound); }

  // `count` places of `taps` each on `extent` elements.
  void fill(std::int64_t count, std::int64_t taps, std::int64_t extent,
            std::vector<std::int64_t>& at, std::vector<float>& weights) {
    at.clear();
    weights.clear();
    for (std::int64_t i = 0; i < count * taps; ++i) {
      at.push_back(random_.below(static_cast<std::uint32_t>(extent)));
      weights.push_back(random_.uniform(-1, 1));
    }
  }

  InterpolateF32Problem random_problem(std::int64_t inner) {
    InterpolateF32Problem problem{upto(3), upto(9), upto(40), inner, upto(4), upto(4)};
    fill(upto(9), problem.row_taps, problem.in_h, problem.rows, problem.row_weights);
    fill(upto(60), problem.column_taps, problem.in_w, problem.columns, problem.column_weights);
    return problem;
  }

  // Every kernel on one and on three threads: the same bits.
  std::vector<float> run(const InterpolateF32Problem& problem, const std::vector<float>& in,
                         std::size_t size) {
    EXPECT_TRUE(check_problem(problem).ok());
    const GuardedBuffer<float> guarded(in);
    std::vector<float> first;
    for (const Isa isa : supported_isas()) {
      for (const int threads : {1, 3}) {
        GuardedBuffer<float> out(size);
        ThreadPool pool(threads);
        Runner(problem, isa).run({guarded.data()}, out.data(), pool);
        EXPECT_TRUE(out.intact());
        const std::vector<float> made(out.data(), out.data() + size);
        if (first.empty()) first = made;
        EXPECT_EQ(std::memcmp(made.data(), first.data(), size * sizeof(float)), 0)
            << isa_name(isa) << ", " << threads << " threads";
      }
    }
    return first;
  }

  Random random_{1};
};

TEST_F(InterpolateF32Test, SumsOfRandomPlaces) {
  for (int round = 0; round < 60; ++round) {
    const std::int64_t inner = round % 3 == 0 ? 1 : upto(40);
    const InterpolateF32Problem p = random_problem(inner);
    SCOPED_TRACE(testing::Message() << "round " << round << ", " << inner << " channels");
    std::vector<float> in(static_cast<std::size_t>(p.outer * p.in_h * p.in_w * inner));
    for (float& value : in) value = random_.normal();
    const auto out_h = static_cast<std::int64_t>(p.rows.size()) / p.row_taps;
    const auto out_w = static_cast<std::int64_t>(p.columns.size()) / p.column_taps;
    const auto out = run(p, in, static_cast<std::size_t>(p.outer * out_h * out_w * inner));
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto place = static_cast<std::int64_t>(i);
      const std::int64_t x = place / inner % out_w;
      const std::int64_t y = place / inner / out_w % out_h;
      const std::int64_t image = place / inner / out_w / out_h;
      double sum = 0;
      for (std::int64_t v = 0; v < p.row_taps; ++v) {
        for (std::int64_t u = 0; u < p.column_taps; ++u) {
          const auto row = static_cast<std::size_t>(y * p.row_taps + v);
          const auto column = static_cast<std::size_t>(x * p.column_taps + u);
          const std::int64_t at =
              ((image * p.in_h + p.rows[row]) * p.in_w + p.columns[column]) * inner + place % inner;
          sum += static_cast<double>(p.row_weights[row]) *
                 static_cast<double>(p.column_weights[column]) *
                 static_cast<double>(in[static_cast<std::size_t>(at)]);
        }
      }
      ASSERT_NEAR(out[i], sum, 1e-5) << i;
    }
  }
}

// What pads a line's tables reads nothing that reaches the output.
TEST_F(InterpolateF32Test, InfinityStaysWhereItIs) {
  InterpolateF32Problem problem{1, 1, 3, 1};
  problem.columns = {1, 2, 1, 2, 2};
  problem.column_weights = {1, 1, 1, 1, 1};
  EXPECT_EQ(run(problem, {INFINITY, 1, 2}, 5), (std::vector<float>{1, 2, 1, 2, 2}));
}

}  // namespace
}  // namespace lathe::kernels
