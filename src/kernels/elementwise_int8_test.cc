#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "base/random.h"
#include "kernels/binary_int8/kernels.h"
#include "kernels/guarded_buffer.h"
#include "kernels/int8_reference.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

std::vector<std::uint8_t> naive(const BinaryInt8Problem& p, const std::vector<std::uint8_t>& a,
                                const std::vector<std::uint8_t>& b) {
  std::vector<std::uint8_t> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::int64_t x = reference_value(a[i], p.a.is_signed) - p.a.zero_point;
    const std::int64_t y = reference_value(b[i], p.b.is_signed) - p.b.zero_point;
    // Exact in double: 9 by 24 bits. Each conversion back rounds once.
    if (p.op == BinaryOpInt8::kMul) {
      const auto product = static_cast<float>(static_cast<double>(x * y) * p.a_multiplier);
      out[i] = reference_requantize(product, p.output, p.min, p.max);
      continue;
    }
    const auto scaled_x = static_cast<float>(static_cast<double>(x) * p.a_multiplier);
    const auto scaled_y = static_cast<float>(static_cast<double>(y) * p.b_multiplier);
    out[i] = reference_requantize(scaled_x + scaled_y, p.output, p.min, p.max);
  }
  return out;
}

void check_binary(const BinaryInt8Problem& p, const std::vector<std::uint8_t>& a,
                  const std::vector<std::uint8_t>& b) {
  const std::vector<std::uint8_t> expected = naive(p, a, b);
  ThreadPool one(1);
  ThreadPool two(2);
  for (const Isa isa : supported_isas()) {
    BinaryInt8Problem problem = p;
    problem.extents = {static_cast<std::int64_t>(a.size())};
    Runner add(problem, isa);
    SCOPED_TRACE(add.kernel().name);
    for (ThreadPool* pool : {&one, &two}) {
      GuardedBuffer<std::uint8_t> out(a.size());
      add.run({a.data(), b.data()}, out.data(), *pool);
      EXPECT_TRUE(out.intact());
      for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(out.data()[i], expected[i]) << i;
    }
  }
}

TEST(BinaryInt8, RandomSizesAndQuantizations) {
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    BinaryInt8Problem p;
    p.op = i % 2 == 0 ? BinaryOpInt8::kAdd : BinaryOpInt8::kMul;
    p.a = random_activation(random);
    p.b = random_activation(random);
    p.output = random_activation(random);
    p.min = p.output.lowest();
    p.max = p.output.highest();
    if (i % 3 == 0) p.min = p.output.zero_point;
    // Halves bring ties.
    p.a_multiplier = i % 4 == 0 ? 0.5F : random.uniform(0.01F, 3);
    p.b_multiplier = i % 4 == 0 ? 1.0F : random.uniform(-2, 2);
    const std::size_t size = random.below(200) + (i % 50 == 0 ? 9000 : 0);
    SCOPED_TRACE(fmt::format("case {}, {} values", i, size));
    check_binary(p, random_bytes(random, size), random_bytes(random, size));
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Every pair of bytes, more than enough for two threads to share.
TEST(BinaryInt8, EveryPairOfBytes) {
  std::vector<std::uint8_t> a;
  std::vector<std::uint8_t> b;
  for (int i = 0; i < 65536 * 4; ++i) {
    a.push_back(static_cast<std::uint8_t>(i));
    b.push_back(static_cast<std::uint8_t>(i >> 8));
  }
  BinaryInt8Problem p;
  p.a = {true, -3};
  p.b = {false, 77};
  p.output = {true, 5};
  p.min = -128;
  p.max = 127;
  p.a_multiplier = 0.731F;
  p.b_multiplier = 0.49999997F;
  check_binary(p, a, b);
}

// [2, 3, 5] and [3, 1] of it, or [5], or one element.
TEST(BinaryInt8, Broadcasts) {
  Random random(3);
  const std::vector<std::uint8_t> a = random_bytes(random, 30);
  for (const std::vector<std::int64_t>& strides :
       {std::vector<std::int64_t>{0, 1, 0}, {0, 0, 1}, {0, 0, 0}, {3, 1, 0}}) {
    const std::vector<std::uint8_t> b = random_bytes(random, 6);
    std::vector<std::uint8_t> repeated;
    for (std::int64_t i = 0; i < 30; ++i) {
      repeated.push_back(b[static_cast<std::size_t>(i / 15 * strides[0] + i / 5 % 3 * strides[1] +
                                                    i % 5 * strides[2])]);
    }
    for (const BinaryOpInt8 op : {BinaryOpInt8::kAdd, BinaryOpInt8::kMul}) {
      BinaryInt8Problem p;
      p.op = op;
      p.a = p.output = {false, 10};
      p.b = {true, -3};
      p.a_multiplier = 0.3F;
      p.extents = {2, 3, 5};
      p.strides = {15, 5, 1};
      p.strides.insert(p.strides.end(), strides.begin(), strides.end());
      ThreadPool pool(1);
      for (const Isa isa : supported_isas()) {
        std::vector<std::uint8_t> out(30);
        Runner(p, isa).run({a.data(), b.data()}, out.data(), pool);
        EXPECT_EQ(out, naive(p, a, repeated));
      }
    }
  }
}

TEST(BinaryInt8, InPlace) {
  Random random(2);
  BinaryInt8Problem p;
  p.a = p.b = p.output = {false, 10};
  p.a_multiplier = p.b_multiplier = 0.5F;
  p.extents = {150};
  const std::vector<std::uint8_t> a = random_bytes(random, 150);
  const std::vector<std::uint8_t> b = random_bytes(random, 150);
  ThreadPool pool(1);
  for (const Isa isa : supported_isas()) {
    std::vector<std::uint8_t> out = a;
    Runner(p, isa).run({out.data(), b.data()}, out.data(), pool);
    EXPECT_EQ(out, naive(p, a, b));
  }
}

TEST(BinaryInt8, AbsurdMultipliersSaturate) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  BinaryInt8Problem p;
  p.a = p.b = p.output = {false, 100};
  p.a_multiplier = kInfinity;
  p.b_multiplier = -1;
  p.extents = {5};
  const std::vector<std::uint8_t> a = {0, 99, 100, 101, 255};
  const std::vector<std::uint8_t> b(a.size(), 100);
  const std::vector<std::uint8_t> expected = {0, 0, 255, 255, 255};  // NaN gives the maximum
  ThreadPool pool(1);
  for (const Isa isa : supported_isas()) {
    std::vector<std::uint8_t> out(a.size());
    Runner(p, isa).run({a.data(), b.data()}, out.data(), pool);
    EXPECT_EQ(out, expected);
  }
}

}  // namespace
}  // namespace lathe::kernels
