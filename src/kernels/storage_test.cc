// Kernels on tensors stored in bfloat16, held to the scalar kernel on the same numbers in float32,
// whose results are rounded once.
#include "kernels/storage.h"

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

struct Operand {
  std::vector<BFloat16> narrow;
  std::vector<float> wide;
};

Operand random_operand(Random& random, std::int64_t size) {
  Operand operand;
  for (std::int64_t i = 0; i < size; ++i) {
    operand.narrow.push_back(store<BFloat16>(random.uniform(-1, 1)));
    operand.wide.push_back(load(operand.narrow.back()));
  }
  return operand;
}

std::vector<float> rounded(std::vector<float> values) {
  for (float& value : values) value = load(store<BFloat16>(value));
  return values;
}

struct Given {
  Problem narrow;
  Problem wide;
  std::vector<Operand> operands;
  std::vector<float> weights = {};
  std::vector<float> bias = {};
  double sum_error = 0;  // that an order of sums may make
  bool float_output = false;
};

template <typename Stored>
std::vector<float> run(const Problem& problem, KernelId kernel, const Given& given,
                       const std::vector<float>& weights, int threads) {
  ThreadPool pool(threads);
  std::vector<GuardedBuffer<Stored>> inputs;
  for (const Operand& operand : given.operands) {
    if constexpr (std::is_same_v<Stored, float>) {
      inputs.emplace_back(operand.wide);
    } else {
      inputs.emplace_back(operand.narrow);
    }
  }
  const auto bytes = static_cast<std::size_t>(operand_bytes(problem)->output);
  GuardedBuffer<std::byte> out(bytes, 0);
  Runner runner = given.weights.empty() ? Runner(problem, kernel_of(kernel).isa)
                                        : Runner(problem, WeightsF32{weights, given.bias}, kernel);
  if (inputs.size() == 2) {
    runner.run({inputs[0].data(), inputs[1].data()}, out.data(), pool);
  } else {
    runner.run({inputs[0].data()}, out.data(), pool);
  }
  EXPECT_TRUE(out.intact());
  std::vector<float> values;
  const auto copy = [&](auto element) {
    for (std::size_t i = 0; i < bytes / sizeof element; ++i) {
      std::memcpy(&element, out.data() + i * sizeof element, sizeof element);
      values.push_back(load(element));
    }
  };
  if (given.float_output) {
    copy(float{});
  } else {
    copy(Stored{});
  }
  return values;
}

void check(const Given& given) {
  ASSERT_TRUE(check_problem(given.narrow).ok());
  const KernelId scalar = best_kernel(given.wide, Isa::kScalar);
  const std::vector<float> expected =
      run<float>(given.wide, scalar, given, rounded(given.weights), 1);
  for (const KernelId kernel : candidates(given.narrow, select_isa().value())) {
    SCOPED_TRACE(kernel_of(kernel).name);
    const auto one = run<BFloat16>(given.narrow, kernel, given, given.weights, 1);
    const auto two = run<BFloat16>(given.narrow, kernel, given, given.weights, 2);
    ASSERT_EQ(std::memcmp(one.data(), two.data(), one.size() * sizeof(float)), 0);
    ASSERT_EQ(one.size(), expected.size());
    const double rounding = given.float_output ? 0 : 0x1p-8;
    for (std::size_t i = 0; i < one.size(); ++i) {
      if (std::isinf(expected[i])) {
        ASSERT_EQ(one[i], expected[i]) << i;
        continue;
      }
      ASSERT_NEAR(one[i], expected[i], std::abs(expected[i]) * rounding + given.sum_error) << i;
    }
  }
}

class Shapes {
 public:
  explicit Shapes(std::uint64_t seed) : random_(seed) {}
  Random& random() { return random_; }
  std::int64_t upto(std::int64_t bound) {
    return 1 + static_cast<std::int64_t>(random_.below(static_cast<std::uint32_t>(bound)));
  }
  bool coin() { return random_.below(2) == 0; }

 private:
  Random random_;
};

void check_convolution(Shapes& shapes, const ConvolutionShape& shape) {
  SCOPED_TRACE(testing::Message() << shape.batch << 'x' << shape.in_h << 'x' << shape.in_w << 'x'
                                  << shape.in_c << " to " << shape.out_h << 'x' << shape.out_w
                                  << 'x' << shape.out_c << ", kernel " << shape.kernel_h << 'x'
                                  << shape.kernel_w << ", groups " << shape.groups);
  ASSERT_TRUE(shape.valid());
  Random& random = shapes.random();
  Given given;
  ConvolutionF32Problem problem{shape, {-1, 2}, shapes.coin()};
  given.wide = problem;
  problem.storage = ElementType::kBFloat16;
  problem.float_output = given.float_output = !problem.residual && shapes.coin();
  given.narrow = problem;
  given.operands.push_back(
      random_operand(random, shape.batch * shape.in_h * shape.in_w * shape.in_c));
  if (problem.residual)
    given.operands.push_back(random_operand(random, shape.out_pixels() * shape.out_c));
  const std::int64_t terms = shape.taps() * shape.group_in_c();
  for (std::int64_t i = 0; i < shape.out_c * terms; ++i)
    given.weights.push_back(random.uniform(-1, 1));
  if (shapes.coin()) {
    for (std::int64_t i = 0; i < shape.out_c; ++i) given.bias.push_back(random.uniform(-1, 1));
  }
  given.sum_error = static_cast<double>(terms + 2) * 4 * std::numeric_limits<float>::epsilon();
  check(given);
}

TEST(Bfloat16Storage, Convolutions) {
  Shapes shapes(1);
  for (int i = 0; i < 150; ++i) {
    ConvolutionShape s;
    s.batch = shapes.upto(2);
    s.in_h = shapes.upto(9);
    s.in_w = shapes.upto(9);
    s.groups = shapes.coin() ? 1 : shapes.upto(3);
    s.in_c = s.groups * shapes.upto(40);
    s.out_c = s.groups * shapes.upto(50);
    s.kernel_h = shapes.upto(3);
    s.kernel_w = shapes.upto(3);
    s.stride_h = shapes.upto(2);
    s.stride_w = shapes.upto(2);
    s.dilation_h = shapes.upto(2);
    s.dilation_w = shapes.upto(2);
    s.pad_top = shapes.upto(3) - 1;
    s.pad_left = shapes.upto(3) - 1;
    s.out_h = shapes.upto(9);
    s.out_w = shapes.upto(9);
    check_convolution(shapes, s);
  }
}

TEST(Bfloat16Storage, Products) {
  Shapes shapes(2);
  for (const std::int64_t rows : {1, 5, 12, 13, 31, 70}) {
    for (const std::int64_t in : {1, 2, 15, 64, 257})
      check_convolution(shapes, {.batch = rows, .in_c = in, .out_c = shapes.upto(70)});
  }
}

TEST(Bfloat16Storage, DepthwiseConvolutions) {
  Shapes shapes(3);
  for (int i = 0; i < 100; ++i) {
    ConvolutionShape s;
    s.batch = shapes.upto(2);
    s.in_h = 4 + shapes.upto(9);
    s.in_w = 4 + shapes.upto(9);
    s.in_c = s.groups = 1 + shapes.upto(70);
    s.out_c = s.in_c * shapes.upto(2);
    s.kernel_h = s.kernel_w = shapes.coin() ? 3 : 5;
    if (shapes.upto(4) == 1) s.kernel_w = 2;
    s.stride_h = s.stride_w = shapes.upto(2);
    s.pad_top = shapes.upto(3) - 1;
    s.pad_left = shapes.upto(3) - 1;
    s.out_h = (s.in_h + s.pad_top - s.kernel_h) / s.stride_h + 1;
    s.out_w = (s.in_w + s.pad_left - s.kernel_w) / s.stride_w + 1;
    check_convolution(shapes, s);
  }
}

TEST(Bfloat16Storage, Pooling) {
  Shapes shapes(4);
  for (int i = 0; i < 60; ++i) {
    PoolingShape s;
    s.batch = shapes.upto(2);
    s.channels = shapes.upto(70);
    s.in_h = shapes.upto(9);
    s.in_w = shapes.upto(9);
    s.kernel_h = shapes.upto(3);
    s.kernel_w = shapes.upto(3);
    s.stride_h = shapes.upto(2);
    s.stride_w = shapes.upto(2);
    s.out_h = shapes.upto(6);
    s.out_w = shapes.upto(6);
    if (!s.valid()) continue;
    for (const PoolingKind kind :
         {PoolingKind::kMax, PoolingKind::kMean, PoolingKind::kMeanWithPadding}) {
      Given given{PoolingF32Problem{kind, s, ElementType::kBFloat16},
                  PoolingF32Problem{kind, s},
                  {random_operand(shapes.random(), s.batch * s.in_h * s.in_w * s.channels)}};
      given.sum_error = 1e-5;
      check(given);
    }
  }
}

TEST(Bfloat16Storage, Elementwise) {
  Shapes shapes(5);
  for (const std::int64_t columns : {1, 7, 16, 33, 100}) {
    for (const OperandF32 operand : {OperandF32::kSame, OperandF32::kColumn, OperandF32::kScalar}) {
      const std::int64_t rows = shapes.upto(5);
      BinaryF32Problem problem{BinaryOpF32::kSub, operand, {-1, 0.5F}, rows, columns};
      Given given{problem, problem, {random_operand(shapes.random(), rows * columns)}};
      std::get<BinaryF32Problem>(given.narrow).storage = ElementType::kBFloat16;
      given.operands.push_back(
          random_operand(shapes.random(), operand == OperandF32::kSame     ? rows * columns
                                          : operand == OperandF32::kColumn ? columns
                                                                           : 1));
      given.sum_error = 1e-6;
      check(given);
    }
    for (const UnaryOpF32 op : {UnaryOpF32::kIdentity, UnaryOpF32::kTanh, UnaryOpF32::kHardSwish}) {
      const UnaryF32Problem problem{op, 1.0F / 6, 0.5F, {-0.25F, 3}, columns};
      Given given{problem, problem, {random_operand(shapes.random(), columns)}};
      std::get<UnaryF32Problem>(given.narrow).storage = ElementType::kBFloat16;
      given.sum_error = 1e-6;
      check(given);
    }
  }
}

// Sums that are ties, that round up into the next exponent and to infinity, and those below the
// normal range.
TEST(Bfloat16Storage, RoundsHalfToEven) {
  const std::vector<std::pair<float, float>> sums = {
      {1, 0x1p-8F},           {1.0078125F, 0x1p-8F},   {1.9921875F, 0x1p-8F},
      {-1, -0x1.8p-8F},       {0x1.fep127F, 0x1p119F}, {0x1.fep127F, 0x1p118F},
      {0x1p-130F, 0x1p-133F}, {-0.0F, -0.0F}};
  std::vector<BFloat16> a;
  std::vector<BFloat16> b;
  for (const auto& [left, right] : sums) {
    a.push_back(store<BFloat16>(left));
    b.push_back(store<BFloat16>(right));
  }
  ThreadPool pool(1);
  for (const Isa isa : supported_isas()) {
    std::vector<BFloat16> out(sums.size());
    BinaryF32Problem problem;
    problem.columns = std::ssize(sums);
    problem.storage = ElementType::kBFloat16;
    Runner(problem, isa).run({a.data(), b.data()}, out.data(), pool);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      EXPECT_EQ(out[i].bits, store<BFloat16>(sums[i].first + sums[i].second).bits)
          << sums[i].first << ' ' << isa_name(isa);
    }
    const BFloat16 nan[] = {{0x7fc0}, {0xffff}, {0x7f81}};
    BFloat16 made[3];
    Runner(UnaryF32Problem{.count = 3, .storage = ElementType::kBFloat16}, isa)
        .run({nan}, made, pool);
    for (const BFloat16 each : made) EXPECT_TRUE(std::isnan(load(each))) << isa_name(isa);
  }
}

}  // namespace
}  // namespace lathe::kernels
