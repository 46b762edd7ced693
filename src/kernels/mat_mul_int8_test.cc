#include "kernels/mat_mul_int8.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>

#include "kernels/int8_reference.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

std::int64_t count_of(const std::vector<std::int64_t>& extents) {
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) count *= extent;
  return count;
}

// In wide integers; float32 results as their bytes.
std::vector<std::uint8_t> naive(const MatMulInt8Problem& p, const std::vector<std::uint8_t>& a,
                                const std::vector<std::uint8_t>& b) {
  std::vector<std::uint8_t> out;
  for (std::int64_t i = 0; i < count_of(p.batch); ++i) {
    std::int64_t left = i;
    std::int64_t a_at = 0;
    std::int64_t b_at = 0;
    for (std::size_t axis = p.batch.size(); axis-- > 0; left /= p.batch[axis]) {
      a_at += left % p.batch[axis] * p.a_strides[axis];
      b_at += left % p.batch[axis] * p.b_strides[axis];
    }
    for (std::int64_t r = 0; r < p.rows; ++r) {
      for (std::int64_t c = 0; c < p.columns; ++c) {
        std::int64_t sum = 0;
        for (std::int64_t k = 0; k < p.inner; ++k) {
          const auto at_a = static_cast<std::size_t>((a_at * p.rows + r) * p.inner + k);
          const auto at_b = static_cast<std::size_t>((b_at * p.inner + k) * p.columns + c);
          sum += (reference_value(a[at_a], p.a.is_signed) - p.a.zero_point) *
                 (reference_value(b[at_b], p.b.is_signed) - p.b.zero_point);
        }
        const float scaled = reference_float(sum) * p.multiplier;
        if (p.float_output) {
          const auto* bytes = reinterpret_cast<const std::uint8_t*>(&scaled);
          out.insert(out.end(), bytes, bytes + sizeof scaled);
        } else {
          out.push_back(reference_requantize(scaled, p.output, p.min, p.max));
        }
      }
    }
  }
  return out;
}

void check(const MatMulInt8Problem& p, std::int64_t a_matrices, std::int64_t b_matrices,
           Random& random) {
  const auto a = random_bytes(random, static_cast<std::size_t>(a_matrices * p.rows * p.inner));
  const auto b = random_bytes(random, static_cast<std::size_t>(b_matrices * p.inner * p.columns));
  const std::vector<std::uint8_t> expected = naive(p, a, b);
  for (const Isa isa : supported_isas()) {
    for (const int threads : {1, 2, 3}) {
      std::vector<std::uint8_t> out(expected.size());
      ThreadPool pool(threads);
      const Runner runner(p, isa);
      SCOPED_TRACE(runner.kernel().name);
      // What stands in scratch memory before must not matter.
      std::vector<std::byte> scratch(runner.scratch_bytes(threads) + kBufferAlignment,
                                     std::byte{0xff});
      void* place = scratch.data();
      std::size_t space = scratch.size();
      runner.run({a.data(), b.data()}, out.data(), pool,
                 std::align(kBufferAlignment, runner.scratch_bytes(threads), place, space));
      ASSERT_EQ(out, expected);
    }
  }
}

TEST(MatMulInt8, RandomSizesAndQuantizations) {
  Random random(1);
  for (int i = 0; i < 60; ++i) {
    MatMulInt8Problem p;
    p.rows = 1 + random.below(30);
    p.columns = 1 + random.below(70);
    p.inner = 1 + random.below(40);
    p.a = random_activation(random);
    p.b = random_activation(random);
    p.output = random_activation(random);
    p.min = p.output.lowest();
    p.max = p.output.highest();
    p.multiplier = random.uniform(0.0001F, 0.01F);
    p.float_output = i % 4 == 0;
    SCOPED_TRACE(fmt::format("case {}: {} x {} x {}", i, p.rows, p.columns, p.inner));
    check(p, 1, 1, random);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(MatMulInt8, BatchesAreBroadcast) {
  Random random(2);
  MatMulInt8Problem p;
  p.batch = {3, 4};
  p.a_strides = {4, 1};
  p.b_strides = {1, 0};
  p.rows = 7;
  p.columns = 19;
  p.inner = 16;
  p.a = {false, 120};
  p.b = {true, 7};
  p.multiplier = 0.002F;
  check(p, 12, 3, random);
}

// Sums of more than 16 bits, with zero points at the ends.
TEST(MatMulInt8, LongSums) {
  Random random(3);
  MatMulInt8Problem p;
  p.rows = 3;
  p.columns = 33;
  p.inner = 3000;
  p.a = {true, -128};
  p.b = {false, 255};
  p.output = {true, 100};
  p.min = -128;
  p.max = 127;
  p.multiplier = 1e-6F;
  check(p, 1, 1, random);
}

}  // namespace
}  // namespace lathe::kernels
