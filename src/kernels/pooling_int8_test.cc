#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <vector>

#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/int8_reference.h"
#include "kernels/pooling_int8/kernels.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

// What one output's window covers.
struct Window {
  std::vector<std::uint8_t> inputs;
  std::int64_t padded = 0;  // positions on inputs or padding
};

Window window_of(const PoolingShape& s, const std::vector<std::uint8_t>& in, std::int64_t pixel,
                 std::int64_t channel) {
  Window window;
  const std::int64_t x = pixel % s.out_w;
  const std::int64_t y = pixel / s.out_w % s.out_h;
  const std::int64_t image = pixel / s.out_w / s.out_h;
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
      const std::int64_t iy = y * s.stride_h - s.pad_top + ky * s.dilation_h;
      const std::int64_t ix = x * s.stride_w - s.pad_left + kx * s.dilation_w;
      if (iy < s.in_h + s.pad_bottom && ix < s.in_w + s.pad_right) ++window.padded;
      if (iy < 0 || iy >= s.in_h || ix < 0 || ix >= s.in_w) continue;
      window.inputs.push_back(in[static_cast<std::size_t>(
          ((image * s.in_h + iy) * s.in_w + ix) * s.channels + channel)]);
    }
  }
  return window;
}

void check_pools(Random& random, const PoolingShape& s) {
  ASSERT_TRUE(s.valid());
  SCOPED_TRACE(fmt::format(
      "{}x{}x{}x{} -> {}x{}, kernel {}x{}, stride {}x{}, dilation {}x{}, pads "
      "{},{},{},{}",
      s.batch, s.in_h, s.in_w, s.channels, s.out_h, s.out_w, s.kernel_h, s.kernel_w, s.stride_h,
      s.stride_w, s.dilation_h, s.dilation_w, s.pad_top, s.pad_left, s.pad_bottom, s.pad_right));
  const std::vector<std::uint8_t> in =
      random_bytes(random, static_cast<std::size_t>(s.batch * s.in_h * s.in_w * s.channels));
  PoolingInt8Problem p;
  p.shape = s;
  p.input = random_activation(random);
  p.output = random_activation(random);
  p.scale_ratio = random.below(2) == 0 ? 1.0F : random.uniform(0.1F, 3);
  p.kind = random.below(2) == 0 ? PoolingKind::kMean : PoolingKind::kMeanWithPadding;
  p.min = p.output.lowest();
  p.max = p.output.highest();
  if (random.below(3) == 0) p.min = p.output.zero_point;

  const auto size = static_cast<std::size_t>(s.batch * s.out_h * s.out_w * s.channels);
  std::vector<std::uint8_t> largest(size);
  std::vector<std::uint8_t> average(size);
  for (std::size_t i = 0; i < size; ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const Window window = window_of(s, in, index / s.channels, index % s.channels);
    std::int64_t best = p.input.lowest();
    std::int64_t sum = 0;
    for (const std::uint8_t byte : window.inputs) {
      const std::int64_t value = reference_value(byte, p.input.is_signed);
      best = std::max(best, value);
      sum += value - p.input.zero_point;
    }
    largest[i] = static_cast<std::uint8_t>(best);
    const auto inputs = static_cast<std::int64_t>(window.inputs.size());
    const std::int64_t count = p.kind == PoolingKind::kMean ? inputs : window.padded;
    const float multiplier = count == 0 ? 0 : p.scale_ratio / static_cast<float>(count);
    average[i] = reference_requantize(static_cast<float>(sum) * multiplier, p.output, p.min, p.max);
  }

  ThreadPool one(1);
  ThreadPool two(2);
  for (const Isa isa : supported_isas()) {
    SCOPED_TRACE(isa_name(isa));
    Runner max_pool(PoolingInt8Problem{PoolingKind::kMax, s, p.input, {}, 1, 0, 0}, isa);
    Runner average_pool(p, isa);
    for (ThreadPool* pool : {&one, &two}) {
      GuardedBuffer<std::uint8_t> out(size);
      max_pool.run({in.data()}, out.data(), *pool);
      EXPECT_TRUE(out.intact());
      for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(out.data()[i], largest[i]) << "max at " << i;
      average_pool.run({in.data()}, out.data(), *pool);
      EXPECT_TRUE(out.intact());
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(out.data()[i], average[i]) << "average at " << i;
      }
    }
  }
}

TEST(PoolingInt8, RandomShapes) {
  Random random(1);
  const auto between = [&](std::uint32_t low, std::uint32_t high) {
    return static_cast<std::int64_t>(low + random.below(high - low + 1));
  };
  const std::int64_t channels[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 100, 257, 300};
  for (int i = 0; i < 150; ++i) {
    PoolingShape s;
    s.batch = between(1, 2);
    s.in_h = between(1, 8);
    s.in_w = between(1, 8);
    s.channels = channels[random.below(std::size(channels))];
    s.kernel_h = between(1, 4);
    s.kernel_w = between(1, 4);
    s.stride_h = between(1, 3);
    s.stride_w = between(1, 3);
    s.dilation_h = between(1, 2);
    s.dilation_w = between(1, 2);
    s.pad_top = between(0, 3);
    s.pad_left = between(0, 3);
    s.pad_bottom = between(0, 3);
    s.pad_right = between(0, 3);
    s.out_h = between(1, 4);
    s.out_w = between(1, 4);
    check_pools(random, s);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(PoolingInt8, WholeImage) {
  Random random(2);
  for (const std::int64_t channels : {5, 64, 256, 1000}) {
    check_pools(random, PoolingShape::global(2, 7, 5, channels));
  }
}

TEST(PoolingInt8, WorkThatThreadsShare) {
  Random random(3);
  PoolingShape s;
  s.in_h = s.in_w = 64;
  s.channels = 48;
  s.kernel_h = s.kernel_w = 3;
  s.stride_h = s.stride_w = 2;
  s.pad_top = s.pad_left = 1;
  s.out_h = s.out_w = 32;
  check_pools(random, s);
  check_pools(random, PoolingShape::global(1, 16, 16, 1024));
}

}  // namespace
}  // namespace lathe::kernels
