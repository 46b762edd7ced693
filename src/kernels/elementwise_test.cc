#include "kernels/elementwise.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

#include "base/cpu.h"
#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

using Dims = std::vector<std::int64_t>;

// Small numbers, 0 and the ends of the type among them.
template <typename T>
std::vector<T> values(std::int64_t count, std::uint64_t seed) {
  using Limits = std::numeric_limits<T>;
  Random random(seed);
  std::vector<T> all;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t kind = random.next() % 16;
    if (kind == 0) {
      all.push_back(Limits::lowest());
    } else if (kind == 1) {
      all.push_back(Limits::max());
    } else if (kind == 2 && Limits::has_quiet_NaN) {
      all.push_back(Limits::quiet_NaN());
    } else {
      all.push_back(static_cast<T>(static_cast<T>(random.next() % 13) - static_cast<T>(6)));
    }
  }
  return all;
}

template <typename T>
T expected(ElementwiseOp op, T a, T b) {
  constexpr bool kWhole = std::is_integral_v<T>;
  const auto whole = [](T x) { return static_cast<std::uint64_t>(x); };
  switch (op) {
    case ElementwiseOp::kAbs:
      if constexpr (kWhole) return a < T{0} ? static_cast<T>(0 - whole(a)) : a;
      return static_cast<T>(std::abs(static_cast<double>(a)));
    case ElementwiseOp::kNeg:
      if constexpr (kWhole) return static_cast<T>(0 - whole(a));
      return static_cast<T>(-a);
    case ElementwiseOp::kSign:
      if (a > T{0}) return T{1};
      return a < T{0} ? static_cast<T>(-1) : a;
    case ElementwiseOp::kAdd:
      if constexpr (kWhole) return static_cast<T>(whole(a) + whole(b));
      return a + b;
    case ElementwiseOp::kSub:
      if constexpr (kWhole) return static_cast<T>(whole(a) - whole(b));
      return a - b;
    case ElementwiseOp::kMul:
      if constexpr (kWhole) return static_cast<T>(whole(a) * whole(b));
      return a * b;
    case ElementwiseOp::kMin:
      if (a != a || b != b) return std::numeric_limits<T>::quiet_NaN();
      return std::min(a, b);
    case ElementwiseOp::kMax:
      if (a != a || b != b) return std::numeric_limits<T>::quiet_NaN();
      return std::max(a, b);
    default:
      return {};
  }
}

bool expected_comparison(ElementwiseOp op, auto a, auto b) {
  switch (op) {
    case ElementwiseOp::kEqual:
      return a == b;
    case ElementwiseOp::kLess:
      return a < b;
    case ElementwiseOp::kLessOrEqual:
      return a <= b;
    case ElementwiseOp::kGreater:
      return a > b;
    default:
      return a >= b;
  }
}

template <typename T>
bool same(T a, T b) {
  return a == b || (a != a && b != b);
}

template <typename T, typename Y>
std::vector<Y> run(ElementwiseOp op, ElementType type, const std::vector<T>& a,
                   const std::vector<T>& b, Isa isa, int threads) {
  const auto count = std::ssize(a);
  GuardedBuffer<Y> out(a.size());
  ElementwiseProblem problem{op, type, {count}, {1}};
  ThreadPool pool(threads);
  if (operand_count(op) == 2) problem.strides.push_back(std::ssize(b) == 1 ? 0 : 1);
  EXPECT_TRUE(check_problem(problem).ok());
  Runner runner(problem, isa);
  if (operand_count(op) == 1) {
    runner.run({a.data()}, out.data(), pool);
  } else {
    runner.run({a.data(), b.data()}, out.data(), pool);
  }
  EXPECT_TRUE(out.intact());
  return {out.data(), out.data() + a.size()};
}

constexpr ElementwiseOp kArithmetic[] = {
    ElementwiseOp::kAbs, ElementwiseOp::kNeg, ElementwiseOp::kSign, ElementwiseOp::kAdd,
    ElementwiseOp::kSub, ElementwiseOp::kMul, ElementwiseOp::kMin,  ElementwiseOp::kMax};
constexpr ElementwiseOp kComparisons[] = {ElementwiseOp::kEqual, ElementwiseOp::kLess,
                                          ElementwiseOp::kLessOrEqual, ElementwiseOp::kGreater,
                                          ElementwiseOp::kGreaterOrEqual};

template <typename T>
void check_type(ElementType type) {
  for (const Isa isa : supported_isas()) {
    SCOPED_TRACE(isa_name(isa));
    // The longest of them is for several threads, and several pieces.
    for (const std::int64_t count : {1, 33, type == ElementType::kInt16 ? 70'001 : 1500}) {
      const auto a = values<T>(count, 1);
      for (const auto& b : {values<T>(count, 2), values<T>(1, 3)}) {
        const auto right = [&](std::size_t i) { return b.size() == 1 ? b[0] : b[i]; };
        for (const ElementwiseOp op : kArithmetic) {
          const auto y = run<T, T>(op, type, a, b, isa, 2);
          for (std::size_t i = 0; i < a.size(); ++i)
            ASSERT_TRUE(same(y[i], expected(op, a[i], right(i)))) << static_cast<int>(op);
        }
        for (const ElementwiseOp op : kComparisons) {
          const auto y = run<T, std::uint8_t>(op, type, a, b, isa, 2);
          for (std::size_t i = 0; i < a.size(); ++i)
            ASSERT_EQ(y[i], expected_comparison(op, a[i], right(i)) ? 1 : 0);
        }
      }
    }
  }
}

TEST(Elementwise, AllTypes) {
  check_type<float>(ElementType::kFloat32);
  check_type<double>(ElementType::kFloat64);
  check_type<std::int8_t>(ElementType::kInt8);
  check_type<std::uint8_t>(ElementType::kUint8);
  check_type<std::int16_t>(ElementType::kInt16);
  check_type<std::uint16_t>(ElementType::kUint16);
  check_type<std::int32_t>(ElementType::kInt32);
  check_type<std::uint32_t>(ElementType::kUint32);
  check_type<std::int64_t>(ElementType::kInt64);
  check_type<std::uint64_t>(ElementType::kUint64);
}

TEST(Elementwise, FunctionsOfFloats) {
  using Function = double (*)(double);
  const std::pair<ElementwiseOp, Function> functions[] = {
      {ElementwiseOp::kSqrt, std::sqrt},
      {ElementwiseOp::kReciprocal, [](double x) { return 1 / x; }},
      {ElementwiseOp::kExp, std::exp},
      {ElementwiseOp::kLog, std::log},
      {ElementwiseOp::kErf, std::erf},
      {ElementwiseOp::kSin, std::sin},
      {ElementwiseOp::kCos, std::cos},
      {ElementwiseOp::kFloor, std::floor},
      {ElementwiseOp::kCeil, std::ceil},
      {ElementwiseOp::kRound, std::nearbyint},
  };
  std::vector<double> wide;
  for (int i = -400; i <= 400; ++i) wide.push_back(i * 0.25);
  const std::vector<float> narrow(wide.begin(), wide.end());
  for (const Isa isa : supported_isas()) {
    for (const auto& [op, function] : functions) {
      SCOPED_TRACE(static_cast<int>(op));
      const auto y = run<double, double>(op, ElementType::kFloat64, wide, wide, isa, 1);
      const auto z = run<float, float>(op, ElementType::kFloat32, narrow, narrow, isa, 1);
      for (std::size_t i = 0; i < wide.size(); ++i) {
        const double exact = function(wide[i]);
        ASSERT_TRUE(same(y[i], exact) || std::abs(y[i] - exact) <= 1e-15 * std::abs(exact));
        const auto rounded = static_cast<float>(exact);
        ASSERT_TRUE(same(z[i], rounded) || std::abs(z[i] - rounded) <= 2e-7F * std::abs(rounded))
            << wide[i];
      }
    }
  }
}

TEST(Elementwise, DivisionAndItsRefusal) {
  for (const Isa isa : supported_isas()) {
    const std::vector<std::int32_t> a{7, -7, INT32_MIN, 5};
    const std::vector<std::int32_t> b{2, 2, -1, -3};
    EXPECT_EQ(
        (run<std::int32_t, std::int32_t>(ElementwiseOp::kDiv, ElementType::kInt32, a, b, isa, 1)),
        (std::vector<std::int32_t>{3, -3, INT32_MIN, -1}));
    const ElementwiseProblem problem{ElementwiseOp::kDiv, ElementType::kInt32, {4}, {1, 1}};
    const std::vector<std::int32_t> zero{1, 1, 0, 1};
    std::vector<std::int32_t> out(4);
    const void* inputs[] = {a.data(), zero.data()};
    void* output = out.data();
    ThreadPool pool(1);
    const Status status = kernel_of(best_kernel(problem, isa))
                              .run(problem, {inputs, &output, nullptr, nullptr, pool});
    EXPECT_EQ(status.error().message(), "integer division by zero");
  }
}

TEST(Elementwise, LogicAndSelection) {
  const std::vector<std::uint8_t> a{0, 0, 1, 1};
  const std::vector<std::uint8_t> b{0, 1, 0, 1};
  using Bytes = std::vector<std::uint8_t>;
  for (const Isa isa : supported_isas()) {
    const auto logic = [&](ElementwiseOp op) {
      return run<std::uint8_t, std::uint8_t>(op, ElementType::kBool, a, b, isa, 1);
    };
    EXPECT_EQ(logic(ElementwiseOp::kAnd), (Bytes{0, 0, 0, 1}));
    EXPECT_EQ(logic(ElementwiseOp::kOr), (Bytes{0, 1, 1, 1}));
    EXPECT_EQ(logic(ElementwiseOp::kXor), (Bytes{0, 1, 1, 0}));
    EXPECT_EQ(logic(ElementwiseOp::kNot), (Bytes{1, 1, 0, 0}));
    // [2, 3]: a column of conditions, a row, and one element.
    const Bytes condition{1, 0};
    const std::vector<std::uint16_t> row{1, 2, 3};
    const std::uint16_t other = 9;
    std::vector<std::uint16_t> out(6);
    ThreadPool pool(1);
    Runner({ElementwiseProblem{
               ElementwiseOp::kSelect, ElementType::kBFloat16, {2, 3}, {1, 0, 0, 1, 0, 0}}},
           isa)
        .run({condition.data(), row.data(), &other}, out.data(), pool);
    EXPECT_EQ(out, (std::vector<std::uint16_t>{1, 2, 3, 9, 9, 9}));
  }
}

TEST(Elementwise, BroadcastsOverThreads) {
  const std::int64_t rows = 300;
  const std::int64_t columns = 301;
  const auto a = values<std::int64_t>(rows * columns, 1);
  const auto b = values<std::int64_t>(rows, 2);
  for (const int threads : {1, 3}) {
    std::vector<std::int64_t> out(a.size());
    ThreadPool pool(threads);
    Runner({ElementwiseProblem{
               ElementwiseOp::kMul, ElementType::kInt64, {rows, columns}, {columns, 1, 1, 0}}},
           Isa::kScalar)
        .run({a.data(), b.data()}, out.data(), pool);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t row = i / static_cast<std::size_t>(columns);
      ASSERT_EQ(out[i], expected(ElementwiseOp::kMul, a[i], b[row]));
    }
  }
}

}  // namespace
}  // namespace lathe::kernels
