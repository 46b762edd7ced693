#include "kernels/arg_reduce.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename T>
std::vector<std::int64_t> run(const ArgReduceProblem& problem, const std::vector<T>& in,
                              int threads = 2) {
  EXPECT_TRUE(check_problem(problem).ok()) << check_problem(problem).error().message();
  GuardedBuffer<std::int64_t> out(static_cast<std::size_t>(problem.outer * problem.inner));
  ThreadPool pool(threads);
  Runner(problem, Isa::kScalar).run({in.data()}, out.data(), pool);
  EXPECT_TRUE(out.intact());
  return {out.data(), out.data() + out.size()};
}

// One element after the other; NaN is beyond every number.
template <typename T>
std::vector<std::int64_t> expected(const ArgReduceProblem& p, const std::vector<T>& in) {
  const auto before = [&](T a, T b) {
    if (b != b) return false;
    return a != a || (p.largest ? a > b : a < b);
  };
  std::vector<std::int64_t> all;
  for (std::int64_t o = 0; o < p.outer; ++o) {
    for (std::int64_t i = 0; i < p.inner; ++i) {
      const auto at = [&](std::int64_t e) {
        return in[static_cast<std::size_t>((o * p.extent + e) * p.inner + i)];
      };
      std::int64_t best = 0;
      for (std::int64_t e = 1; e < p.extent; ++e)
        if (p.last ? !before(at(best), at(e)) : before(at(e), at(best))) best = e;
      all.push_back(best);
    }
  }
  return all;
}

// Few values, so that there are equal ones.
template <typename T>
void check_type(ElementType type) {
  SCOPED_TRACE(static_cast<int>(type));
  Random random(7);
  const std::int64_t shapes[][3] = {{1, 1, 1},   {3, 5, 1}, {2, 15, 1},   {2, 16, 1},   {2, 17, 1},
                                    {2, 100, 1}, {2, 3, 4}, {2, 7, 1030}, {1, 21, 2048}};
  for (const auto& [outer, extent, inner] : shapes) {
    std::vector<T> in(static_cast<std::size_t>(outer * extent * inner));
    for (T& x : in) x = static_cast<T>(random.below(6));
    for (const bool largest : {true, false}) {
      for (const bool last : {true, false}) {
        const ArgReduceProblem problem{largest, last, type, outer, extent, inner};
        EXPECT_EQ(run(problem, in), expected(problem, in))
            << outer << " " << extent << " " << inner;
      }
    }
  }
}

TEST(ArgReduce, AllTypes) {
  check_type<float>(ElementType::kFloat32);
  check_type<double>(ElementType::kFloat64);
  check_type<std::int8_t>(ElementType::kInt8);
  check_type<std::uint8_t>(ElementType::kUint8);
  check_type<std::int32_t>(ElementType::kInt32);
  check_type<std::int64_t>(ElementType::kInt64);
}

TEST(ArgReduce, NanIsBeyondEveryNumber) {
  Random random(3);
  for (const std::int64_t inner : {1, 3}) {
    for (int repetition = 0; repetition < 50; ++repetition) {
      std::vector<float> in(static_cast<std::size_t>(40 * inner));
      for (float& x : in) x = random.below(12) == 0 ? NAN : random.normal();
      for (const bool largest : {true, false}) {
        for (const bool last : {true, false}) {
          const ArgReduceProblem problem{largest, last, ElementType::kFloat32, 1, 40, inner};
          EXPECT_EQ(run(problem, in), expected(problem, in));
        }
      }
    }
  }
  const std::vector<float> in{1, NAN, 2, NAN, 3};
  EXPECT_THAT(run({true, false, ElementType::kFloat32, 1, 5, 1}, in), ElementsAre(1));
  EXPECT_THAT(run({false, true, ElementType::kFloat32, 1, 5, 1}, in), ElementsAre(3));
}

TEST(ArgReduce, RefusesWhatItDoesNotTake) {
  const auto error_of = [](const Problem& problem) {
    return check_problem(problem).error().message();
  };
  EXPECT_THAT(error_of(ArgReduceProblem{true, false, ElementType::kBool, 1, 1, 1}),
              HasSubstr("elements"));
  EXPECT_THAT(error_of(ArgReduceProblem{.extent = 0}), HasSubstr("nothing"));
  EXPECT_THAT(error_of(ArgReduceProblem{.extent = std::int64_t{1} << 31}), HasSubstr("too long"));
  EXPECT_THAT(error_of(ArgReduceProblem{.outer = -1}), HasSubstr("negative"));
}

}  // namespace
}  // namespace lathe::kernels
