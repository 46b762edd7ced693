#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "base/random.h"
#include "kernels/add_int8/kernels.h"
#include "kernels/guarded_buffer.h"
#include "kernels/int8_reference.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

std::vector<std::uint8_t> naive_add(const AddInt8Problem& p, const std::vector<std::uint8_t>& a,
                                    const std::vector<std::uint8_t>& b) {
  std::vector<std::uint8_t> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::int64_t x = reference_value(a[i], p.a.is_signed) - p.a.zero_point;
    const std::int64_t y = reference_value(b[i], p.b.is_signed) - p.b.zero_point;
    // Exact in double: 9 by 24 bits. Each conversion back rounds once.
    const auto scaled_x = static_cast<float>(static_cast<double>(x) * p.a_multiplier);
    const auto scaled_y = static_cast<float>(static_cast<double>(y) * p.b_multiplier);
    out[i] = reference_requantize(scaled_x + scaled_y, p.output, p.min, p.max);
  }
  return out;
}

void check_add(const AddInt8Problem& p, const std::vector<std::uint8_t>& a,
               const std::vector<std::uint8_t>& b) {
  const std::vector<std::uint8_t> expected = naive_add(p, a, b);
  ThreadPool one(1);
  ThreadPool two(2);
  for (const Isa isa : supported_isas()) {
    AddInt8Problem problem = p;
    problem.count = static_cast<std::int64_t>(a.size());
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

TEST(AddInt8, RandomSizesAndQuantizations) {
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    AddInt8Problem p;
    p.a = random_activation(random);
    p.b = random_activation(random);
    p.output = random_activation(random);
    p.min = p.output.lowest();
    p.max = p.output.highest();
    if (i % 3 == 0) p.min = p.output.zero_point;
    // Halves bring ties.
    p.a_multiplier = i % 4 == 0 ? 0.5F : random.uniform(0.01F, 3);
    p.b_multiplier = i % 4 == 0 ? 1.0F : random.uniform(-2, 2);
    const std::size_t size = random.below(200);
    SCOPED_TRACE(fmt::format("case {}, {} values", i, size));
    check_add(p, random_bytes(random, size), random_bytes(random, size));
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Every pair of bytes, more than enough for two threads to share.
TEST(AddInt8, EveryPairOfBytes) {
  std::vector<std::uint8_t> a;
  std::vector<std::uint8_t> b;
  for (int i = 0; i < 65536 * 4; ++i) {
    a.push_back(static_cast<std::uint8_t>(i));
    b.push_back(static_cast<std::uint8_t>(i >> 8));
  }
  AddInt8Problem p;
  p.a = {true, -3};
  p.b = {false, 77};
  p.output = {true, 5};
  p.min = -128;
  p.max = 127;
  p.a_multiplier = 0.731F;
  p.b_multiplier = 0.49999997F;
  check_add(p, a, b);
}

TEST(AddInt8, InPlace) {
  Random random(2);
  AddInt8Problem p;
  p.a = p.b = p.output = {false, 10};
  p.a_multiplier = p.b_multiplier = 0.5F;
  p.count = 150;
  const std::vector<std::uint8_t> a = random_bytes(random, 150);
  const std::vector<std::uint8_t> b = random_bytes(random, 150);
  ThreadPool pool(1);
  for (const Isa isa : supported_isas()) {
    std::vector<std::uint8_t> out = a;
    Runner(p, isa).run({out.data(), b.data()}, out.data(), pool);
    EXPECT_EQ(out, naive_add(p, a, b));
  }
}

TEST(AddInt8, AbsurdMultipliersSaturate) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  AddInt8Problem p;
  p.a = p.b = p.output = {false, 100};
  p.a_multiplier = kInfinity;
  p.b_multiplier = -1;
  p.count = 5;
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
