#include "kernels/reduce.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "base/cpu.h"
#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

using Dims = std::vector<std::int64_t>;

constexpr ReduceOp kOps[] = {ReduceOp::kSum,  ReduceOp::kMean,      ReduceOp::kMax, ReduceOp::kMin,
                             ReduceOp::kProd, ReduceOp::kSumSquare, ReduceOp::kL1,  ReduceOp::kL2};

double start_of(ReduceOp op) {
  if (op == ReduceOp::kMax) return -INFINITY;
  if (op == ReduceOp::kMin) return INFINITY;
  return op == ReduceOp::kProd ? 1 : 0;
}

double next(ReduceOp op, double total, double x) {
  switch (op) {
    case ReduceOp::kMax:
      return std::max(total, x);
    case ReduceOp::kMin:
      return std::min(total, x);
    case ReduceOp::kProd:
      return total * x;
    case ReduceOp::kL1:
      return total + std::abs(x);
    case ReduceOp::kSumSquare:
    case ReduceOp::kL2:
      return total + x * x;
    default:
      return total + x;
  }
}

// One element after the other.
template <typename T>
std::vector<double> expected(const ReduceProblem& problem, const std::vector<T>& in) {
  std::int64_t kept = 1;
  for (std::size_t i = 0; i < problem.extents.size(); ++i)
    if (problem.reduced[i] == 0) kept *= problem.extents[i];
  std::vector<double> totals(static_cast<std::size_t>(kept), start_of(problem.op));
  for (std::size_t i = 0; i < in.size(); ++i) {
    auto rest = static_cast<std::int64_t>(i);
    std::int64_t at = 0;
    std::int64_t stride = 1;
    for (std::size_t axis = problem.extents.size(); axis-- > 0;) {
      if (problem.reduced[axis] == 0) {
        at += rest % problem.extents[axis] * stride;
        stride *= problem.extents[axis];
      }
      rest /= problem.extents[axis];
    }
    double& total = totals[static_cast<std::size_t>(at)];
    total = next(problem.op, total, static_cast<double>(in[i]));
  }
  const double count = static_cast<double>(in.size()) / static_cast<double>(kept);
  for (double& total : totals) {
    if (problem.op == ReduceOp::kMean) total /= count;
    if (problem.op == ReduceOp::kL2) total = std::sqrt(total);
  }
  return totals;
}

template <typename T>
void check(ElementType type, const Dims& extents, const Dims& reduced) {
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) count *= extent;
  Random random(3);
  std::vector<T> in;
  for (std::int64_t i = 0; i < count; ++i)
    in.push_back(static_cast<T>(std::is_integral_v<T> ? std::round(3 * random.normal())
                                                      : 1 + 0.01F * random.normal()));
  for (const ReduceOp op : kOps) {
    if (!can_reduce(op, type) || (op == ReduceOp::kProd && std::is_integral_v<T>)) continue;
    SCOPED_TRACE(static_cast<int>(op));
    const ReduceProblem problem{op, type, extents, reduced};
    ASSERT_TRUE(check_problem(problem).ok());
    const auto wanted = expected(problem, in);
    std::vector<T> first;
    for (const Isa isa : supported_isas()) {
      for (const int threads : {1, 3}) {
        GuardedBuffer<T> out(wanted.size());
        ThreadPool pool(threads);
        Runner(problem, isa).run({in.data()}, out.data(), pool);
        ASSERT_TRUE(out.intact());
        const std::vector<T> made(out.data(), out.data() + out.size());
        if (first.empty()) first = made;
        ASSERT_EQ(made, first);
      }
    }
    for (std::size_t i = 0; i < wanted.size(); ++i)
      ASSERT_NEAR(static_cast<double>(first[i]), wanted[i], 1e-6 * std::abs(wanted[i]) + 1e-9);
  }
}

template <typename T>
void check_shapes(ElementType type) {
  check<T>(type, {1}, {1});
  check<T>(type, {1}, {0});
  check<T>(type, {1000}, {1});
  check<T>(type, {17, 5}, {0, 1});
  check<T>(type, {17, 5}, {1, 0});
  check<T>(type, {60, 3000}, {1, 0});
  check<T>(type, {60, 3000}, {0, 1});
  check<T>(type, {4, 7, 33}, {1, 0, 1});
  check<T>(type, {4, 7, 33}, {0, 1, 0});
  check<T>(type, {2, 3, 2, 3, 2}, {1, 0, 1, 0, 1});
}

TEST(Reduce, AllAxesAndTypes) {
  check_shapes<float>(ElementType::kFloat32);
  check_shapes<double>(ElementType::kFloat64);
  check_shapes<std::int32_t>(ElementType::kInt32);
  check_shapes<std::int64_t>(ElementType::kInt64);
}

TEST(Reduce, NanIsNotLost) {
  for (const Isa isa : supported_isas()) {
    for (const ReduceOp op : {ReduceOp::kMax, ReduceOp::kMin}) {
      for (const std::size_t at : {0U, 15U, 20U, 39U}) {
        std::vector<float> in(40, 1);
        in[at] = NAN;
        float out = 0;
        ThreadPool pool(1);
        Runner(ReduceProblem{op, ElementType::kFloat32, {40}, {1}}, isa)
            .run({in.data()}, &out, pool);
        EXPECT_TRUE(std::isnan(out)) << at;
      }
    }
  }
}

}  // namespace
}  // namespace lathe::kernels
