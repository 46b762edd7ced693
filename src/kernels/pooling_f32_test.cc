#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

std::string describe(const PoolingShape& s, PoolingKind kind) {
  return fmt::format(
      "kind {}: {}x{}x{}x{} -> {}x{}, kernel {}x{}, stride {}x{}, dilation {}x{}, pads {},{},{},{}",
      static_cast<int>(kind), s.batch, s.in_h, s.in_w, s.channels, s.out_h, s.out_w, s.kernel_h,
      s.kernel_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.pad_top, s.pad_left,
      s.pad_bottom, s.pad_right);
}

double naive(const PoolingShape& s, PoolingKind kind, const std::vector<float>& in,
             std::int64_t pixel, std::int64_t channel) {
  double sum = 0;
  double largest = -std::numeric_limits<double>::infinity();
  int inputs = 0;
  int padded = 0;
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
      const std::int64_t y = pixel / s.out_w % s.out_h * s.stride_h - s.pad_top + ky * s.dilation_h;
      const std::int64_t x = pixel % s.out_w * s.stride_w - s.pad_left + kx * s.dilation_w;
      if (y >= s.in_h + s.pad_bottom || x >= s.in_w + s.pad_right) continue;
      ++padded;
      if (y < 0 || y >= s.in_h || x < 0 || x >= s.in_w) continue;
      ++inputs;
      const std::int64_t image = pixel / s.out_w / s.out_h;
      const double value =
          in[static_cast<std::size_t>(((image * s.in_h + y) * s.in_w + x) * s.channels + channel)];
      sum += value;
      largest = std::fmax(largest, value);
    }
  }
  if (kind == PoolingKind::kMax) return largest;
  if (inputs == 0) return 0;
  return sum / (kind == PoolingKind::kMean ? inputs : padded);
}

std::vector<float> run_layer(const PoolingShape& s, PoolingKind kind, const std::vector<float>& in,
                             Isa isa, int threads) {
  ThreadPool pool(threads);
  const GuardedBuffer<float> guarded(in);
  GuardedBuffer<float> out(static_cast<std::size_t>(s.batch * s.out_h * s.out_w * s.channels));
  Runner(PoolingF32Problem{kind, s}, isa).run({guarded.data()}, out.data(), pool);
  EXPECT_TRUE(out.intact());
  return {out.data(), out.data() + out.size()};
}

void check(const PoolingShape& s, Random& random) {
  ASSERT_TRUE(s.valid());
  std::vector<float> in(static_cast<std::size_t>(s.batch * s.in_h * s.in_w * s.channels));
  for (float& value : in) value = random.uniform(-1, 1);
  for (const PoolingKind kind :
       {PoolingKind::kMax, PoolingKind::kMean, PoolingKind::kMeanWithPadding}) {
    SCOPED_TRACE(describe(s, kind));
    for (const Isa isa : supported_isas()) {
      const auto one = run_layer(s, kind, in, isa, 1);
      const auto two = run_layer(s, kind, in, isa, 2);
      ASSERT_EQ(std::memcmp(one.data(), two.data(), one.size() * sizeof(float)), 0);
      for (std::size_t i = 0; i < one.size(); ++i) {
        const auto channel = static_cast<std::int64_t>(i) % s.channels;
        const double expected =
            naive(s, kind, in, static_cast<std::int64_t>(i) / s.channels, channel);
        if (std::isinf(expected)) {
          ASSERT_EQ(one[i], expected);
        } else {
          ASSERT_NEAR(one[i], expected, kind == PoolingKind::kMax ? 0 : 2e-6) << isa_name(isa);
        }
      }
    }
  }
}

TEST(PoolingF32, RandomShapes) {
  Random random(1);
  const auto upto = [&](std::int64_t bound) {
    return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(bound)));
  };
  for (int i = 0; i < 200; ++i) {
    PoolingShape s;
    s.batch = upto(3);
    s.in_h = upto(12);
    s.in_w = upto(12);
    s.channels = upto(150);
    s.out_h = upto(8);
    s.out_w = upto(8);
    s.kernel_h = upto(4);
    s.kernel_w = upto(4);
    s.stride_h = upto(3);
    s.stride_w = upto(3);
    s.dilation_h = upto(2);
    s.dilation_w = upto(2);
    s.pad_top = upto(3) - 1;
    s.pad_left = upto(3) - 1;
    s.pad_bottom = upto(3) - 1;
    s.pad_right = upto(3) - 1;
    check(s, random);
  }
}

TEST(PoolingF32, WorkThatThreadsShare) {
  Random random(2);
  PoolingShape s{.batch = 1, .in_h = 56, .in_w = 56, .channels = 64, .out_h = 28, .out_w = 28};
  s.kernel_h = s.kernel_w = 3;
  s.stride_h = s.stride_w = 2;
  s.pad_top = s.pad_left = s.pad_bottom = s.pad_right = 1;
  check(s, random);
  check(PoolingShape::global(2, 14, 14, 1000), random);
}

TEST(PoolingF32, GlobalAverageOfManyPixelsStaysExact) {
  // 2^18 values of 0.1: one running sum in float32 would be off by 1e-3.
  ThreadPool pool(1);
  const std::vector<float> in(512 * 512, 0.1F);
  for (const Isa isa : supported_isas()) {
    float out = 0;
    Runner(PoolingF32Problem{PoolingKind::kMean, PoolingShape::global(1, 512, 512, 1)}, isa)
        .run({in.data()}, &out, pool);
    EXPECT_NEAR(out, 0.1F, 2e-6) << isa_name(isa);
  }
}

}  // namespace
}  // namespace lathe::kernels
