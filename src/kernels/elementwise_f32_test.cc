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
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

constexpr BinaryOpF32 kBinaryOps[] = {
    BinaryOpF32::kAdd, BinaryOpF32::kSub,        BinaryOpF32::kReverseSub, BinaryOpF32::kMul,
    BinaryOpF32::kDiv, BinaryOpF32::kReverseDiv, BinaryOpF32::kMax,        BinaryOpF32::kMin};

std::vector<float> random_floats(std::size_t size, float low, float high, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(size);
  for (float& value : values) value = random.uniform(low, high);
  return values;
}

float expected_binary(BinaryOpF32 op, float a, float b) {
  switch (op) {
    case BinaryOpF32::kAdd:
      return a + b;
    case BinaryOpF32::kSub:
      return a - b;
    case BinaryOpF32::kReverseSub:
      return b - a;
    case BinaryOpF32::kMul:
      return a * b;
    case BinaryOpF32::kDiv:
      return a / b;
    case BinaryOpF32::kReverseDiv:
      return b / a;
    case BinaryOpF32::kMax:
      return std::fmax(a, b);
    case BinaryOpF32::kMin:
      return std::fmin(a, b);
  }
  return 0;
}

// Basic operations are exact on every instruction set.
void expect_binary(BinaryOpF32 op, ClampF32 clamp, const GuardedBuffer<float>& out,
                   const std::vector<float>& a, const std::vector<float>& b, std::size_t b_period) {
  ASSERT_TRUE(out.intact());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float value = expected_binary(op, a[i], b[i % b_period]);
    ASSERT_EQ(out.data()[i], std::fmin(std::fmax(value, clamp.min), clamp.max))
        << "element " << i << " of " << a.size() << ", op " << static_cast<int>(op);
  }
}

TEST(BinaryF32, EveryOperandOnEveryInstructionSet) {
  const ClampF32 clamps[] = {{}, {.min = 0}, {.min = -0.25F, .max = 0.5F}};
  for (const Isa isa : supported_isas()) {
    for (const BinaryOpF32 op : kBinaryOps) {
      for (const ClampF32 clamp : clamps) {
        for (const std::size_t columns : {1, 3, 8, 15, 16, 17, 31, 33, 100}) {
          ThreadPool pool(1);
          const std::size_t rows = 5;
          const auto a = random_floats(rows * columns, -1, 1, columns);
          const auto b = random_floats(rows * columns, 0.1F, 1, columns + 1);
          const GuardedBuffer<float> guarded_a(a);
          const GuardedBuffer<float> guarded_b(b);
          const auto run = [&](OperandF32 operand) {
            GuardedBuffer<float> out(a.size());
            Runner layer(BinaryF32Problem{op, operand, clamp, static_cast<std::int64_t>(rows),
                                          static_cast<std::int64_t>(columns)},
                         isa);
            layer.run({guarded_a.data(), guarded_b.data()}, out.data(), pool);
            return out;
          };
          expect_binary(op, clamp, run(OperandF32::kSame), a, b, b.size());
          expect_binary(op, clamp, run(OperandF32::kScalar), a, b, 1);
          expect_binary(op, clamp, run(OperandF32::kColumn), a, b, columns);
        }
      }
    }
  }
}

TEST(BinaryF32, ThreadsShareLargeWorkInPlace) {
  const auto a = random_floats(300'001, -1, 1, 3);
  const auto b = random_floats(300'001, -1, 1, 4);
  for (const Isa isa : supported_isas()) {
    for (const int threads : {1, 2, 3}) {
      ThreadPool pool(threads);
      GuardedBuffer<float> out(a);
      Runner(BinaryF32Problem{BinaryOpF32::kAdd, OperandF32::kSame, {.min = 0}, 1, 300'001}, isa)
          .run({out.data(), b.data()}, out.data(), pool);
      for (std::size_t i = 0; i < a.size(); ++i) {
        ASSERT_EQ(out.data()[i], std::fmax(a[i] + b[i], 0.0F)) << i;
      }
    }
  }
}

double exact(const UnaryF32Problem& p, double x) {
  const double gate = std::fmin(std::fmax(double{p.alpha} * x + double{p.beta}, 0), 1);
  switch (p.op) {
    case UnaryOpF32::kIdentity:
      return x;
    case UnaryOpF32::kLeakyRelu:
      return x >= 0 ? x : double{p.alpha} * x;
    case UnaryOpF32::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case UnaryOpF32::kTanh:
      return std::tanh(x);
    case UnaryOpF32::kExp:
      return std::exp(x);
    case UnaryOpF32::kHardSigmoid:
      return gate;
    case UnaryOpF32::kHardSwish:
      return x * gate;
    case UnaryOpF32::kSilu:
      return x / (1 + std::exp(-x));
    case UnaryOpF32::kAbs:
      return std::abs(x);
    case UnaryOpF32::kNeg:
      return -x;
    case UnaryOpF32::kSqrt:
      return std::sqrt(x);
    case UnaryOpF32::kReciprocal:
      return 1 / x;
    case UnaryOpF32::kFloor:
      return std::floor(x);
    case UnaryOpF32::kCeil:
      return std::ceil(x);
    case UnaryOpF32::kRound:
      return std::nearbyint(x);
    case UnaryOpF32::kLog:
      return std::log(x);
    case UnaryOpF32::kErf:
      return std::erf(x);
  }
  return 0;
}

struct UnaryCase {
  UnaryF32Problem parameters;
  float range;
  double ulps;
  double absolute = 0;  // where a sum inside may cancel
};

const UnaryCase kUnaryCases[] = {
    {{UnaryOpF32::kIdentity}, 10, 0},
    {{UnaryOpF32::kIdentity, 0, 0, {.min = 0, .max = 6}}, 10, 0},
    {{UnaryOpF32::kLeakyRelu, 0.01F}, 10, 0.5},
    {{UnaryOpF32::kSigmoid}, 80, 3},
    {{UnaryOpF32::kSigmoid}, 1, 3},
    {{UnaryOpF32::kTanh}, 12, 2.5},
    {{UnaryOpF32::kTanh}, 0.7F, 2.5},
    {{UnaryOpF32::kTanh}, 1e-4F, 2.5},
    {{UnaryOpF32::kExp}, 87, 1},
    {{UnaryOpF32::kExp}, 0.5F, 1},
    {{UnaryOpF32::kHardSigmoid, 0.2F, 0.5F}, 5, 1, 1e-7},
    {{UnaryOpF32::kHardSwish, 1.0F / 6, 0.5F}, 5, 1, 1e-6},
    {{UnaryOpF32::kSilu}, 20, 4},
    {{UnaryOpF32::kAbs}, 10, 0},
    {{UnaryOpF32::kNeg}, 10, 0},
    {{UnaryOpF32::kReciprocal}, 10, 0.5},
    {{UnaryOpF32::kFloor}, 10, 0},
    {{UnaryOpF32::kCeil}, 10, 0},
    {{UnaryOpF32::kRound}, 10, 0},
    {{UnaryOpF32::kErf}, 5, 2},
    {{UnaryOpF32::kErf}, 1.2F, 2},
    {{UnaryOpF32::kErf}, 1e-5F, 2},
};

TEST(UnaryF32, StaysWithinTheStatedError) {
  ThreadPool pool(2);
  for (const Isa isa : supported_isas()) {
    for (const UnaryCase& c : kUnaryCases) {
      UnaryF32Problem problem = c.parameters;
      problem.count = 100'003;
      const auto in = random_floats(100'003, -c.range, c.range, 11);
      GuardedBuffer<float> out(in.size());
      Runner(problem, isa).run({in.data()}, out.data(), pool);
      ASSERT_TRUE(out.intact());
      for (std::size_t i = 0; i < in.size(); ++i) {
        const ClampF32 clamp = c.parameters.clamp;
        const double expected =
            std::fmin(std::fmax(exact(c.parameters, in[i]), double{clamp.min}), double{clamp.max});
        const float next = std::nextafter(static_cast<float>(std::abs(expected)), kInfinity);
        const double ulp = double{next} - static_cast<float>(std::abs(expected));
        ASSERT_NEAR(out.data()[i], expected, c.ulps * ulp + c.absolute)
            << "x = " << in[i] << ", op " << static_cast<int>(c.parameters.op) << " on "
            << isa_name(isa);
      }
    }
  }
}

// Over the whole range of positive numbers, and close to 1, where the logarithm passes through 0.
TEST(UnaryF32, LogarithmAndRoot) {
  std::vector<float> in;
  for (std::uint32_t bits = 1; bits < 0x7f800000U; bits += 65'521)
    in.push_back(std::bit_cast<float>(bits));
  for (int i = -5000; i <= 5000; ++i) in.push_back(1.0F + static_cast<float>(i) * 0x1p-14F);
  ThreadPool pool(2);
  for (const Isa isa : supported_isas()) {
    SCOPED_TRACE(isa_name(isa));
    for (const UnaryOpF32 op : {UnaryOpF32::kLog, UnaryOpF32::kSqrt}) {
      std::vector<float> out(in.size());
      Runner(UnaryF32Problem{op, 0, 0, {}, std::ssize(in)}, isa).run({in.data()}, out.data(), pool);
      for (std::size_t i = 0; i < in.size(); ++i) {
        const double expected = exact({op}, in[i]);
        const auto magnitude = static_cast<float>(std::abs(expected));
        const double ulp = double{std::nextafter(magnitude, kInfinity)} - magnitude;
        ASSERT_NEAR(out[i], expected, (op == UnaryOpF32::kLog ? 2 : 0.5) * ulp) << in[i];
      }
    }
  }
}

TEST(UnaryF32, EveryTailLength) {
  ThreadPool pool(1);
  for (const Isa isa : supported_isas()) {
    for (std::size_t size = 0; size <= 40; ++size) {
      const auto in = random_floats(size, -2, 2, size);
      const GuardedBuffer<float> guarded(in);
      GuardedBuffer<float> out(size);
      Runner(UnaryF32Problem{UnaryOpF32::kLeakyRelu, 0.1F, 0, {}, static_cast<std::int64_t>(size)},
             isa)
          .run({guarded.data()}, out.data(), pool);
      ASSERT_TRUE(out.intact());
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(out.data()[i], in[i] >= 0 ? in[i] : 0.1F * in[i]);
      }
    }
  }
}

TEST(UnaryF32, Extremes) {
  ThreadPool pool(1);
  const std::vector<float> in = {0.0F,  -0.0F,  kInfinity, -kInfinity, kNan,
                                 1e30F, -1e30F, -103.0F,   88.7F};
  const auto run = [&](UnaryOpF32 op, Isa isa) {
    std::vector<float> out(in.size());
    Runner(UnaryF32Problem{op, 0, 0, {}, static_cast<std::int64_t>(in.size())}, isa)
        .run({in.data()}, out.data(), pool);
    return out;
  };
  for (const Isa isa : supported_isas()) {
    SCOPED_TRACE(isa_name(isa));
    const auto l = run(UnaryOpF32::kLog, isa);
    EXPECT_EQ(l[0], -kInfinity);
    EXPECT_EQ(l[1], -kInfinity);
    EXPECT_EQ(l[2], kInfinity);
    for (const std::size_t i : {3, 4, 6, 7}) EXPECT_TRUE(std::isnan(l[i])) << i;
    const auto f = run(UnaryOpF32::kErf, isa);
    EXPECT_TRUE(f[0] == 0 && !std::signbit(f[0]) && f[1] == 0 && std::signbit(f[1]));
    EXPECT_EQ(f[2], 1.0F);
    EXPECT_EQ(f[3], -1.0F);
    EXPECT_TRUE(std::isnan(f[4]));
    EXPECT_EQ(f[6], -1.0F);
    const auto e = run(UnaryOpF32::kExp, isa);
    EXPECT_EQ(e[0], 1.0F);
    EXPECT_EQ(e[1], 1.0F);
    EXPECT_EQ(e[2], kInfinity);
    EXPECT_EQ(e[3], 0.0F);
    EXPECT_TRUE(std::isnan(e[4]));
    EXPECT_EQ(e[5], kInfinity);
    EXPECT_EQ(e[6], 0.0F);
    EXPECT_NEAR(e[7], std::exp(-103.0), 1.5e-45);
    EXPECT_NEAR(e[8] / std::exp(double{in[8]}), 1, 2e-7);
    const auto t = run(UnaryOpF32::kTanh, isa);
    EXPECT_FALSE(std::signbit(t[0]));
    EXPECT_TRUE(std::signbit(t[1]));
    EXPECT_EQ(t[2], 1.0F);
    EXPECT_EQ(t[3], -1.0F);
    EXPECT_TRUE(std::isnan(t[4]));
    const auto s = run(UnaryOpF32::kSigmoid, isa);
    EXPECT_EQ(s[0], 0.5F);
    EXPECT_EQ(s[2], 1.0F);
    EXPECT_EQ(s[3], 0.0F);
    EXPECT_TRUE(std::isnan(s[4]));
    EXPECT_TRUE(std::isnan(run(UnaryOpF32::kIdentity, isa)[4]));
  }
}

}  // namespace
}  // namespace lathe::kernels
