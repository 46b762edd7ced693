#include <cstring>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/depthwise_int8/kernels.h"
#include "kernels/guarded_buffer.h"
#include "kernels/igemm/kernels.h"
#include "kernels/int8_reference.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

struct Layer {
  ConvolutionShape shape;
  std::vector<std::int8_t> weights;
  std::vector<std::int32_t> bias;
  QuantizedActivation input;
  std::vector<float> multipliers;
  QuantizedActivation output;
  std::int32_t min = 0;
  std::int32_t max = 255;
  std::vector<std::uint8_t> in;

  [[nodiscard]] Runner runner(bool float_output, Isa isa) const {
    return Runner(ConvolutionInt8Problem{shape, input, float_output, output, min, max},
                  WeightsInt8{weights, bias, multipliers}, isa);
  }
};

std::string describe(const Layer& layer) {
  const ConvolutionShape& s = layer.shape;
  return fmt::format(
      "{}x{}x{}x{} -> {}x{}x{}, kernel {}x{}, stride {}x{}, dilation {}x{}, pads {},{}, groups {}, "
      "{} input, zero point {}, {} output, zero point {}, clamp {} {}",
      s.batch, s.in_h, s.in_w, s.in_c, s.out_h, s.out_w, s.out_c, s.kernel_h, s.kernel_w,
      s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.pad_top, s.pad_left, s.groups,
      layer.input.is_signed ? "int8" : "uint8", layer.input.zero_point,
      layer.output.is_signed ? "int8" : "uint8", layer.output.zero_point, layer.min, layer.max);
}

std::int64_t naive_sum(const Layer& layer, std::int64_t pixel, std::int64_t channel) {
  const ConvolutionShape& s = layer.shape;
  const std::int64_t x = pixel % s.out_w;
  const std::int64_t y = pixel / s.out_w % s.out_h;
  const std::int64_t image = pixel / s.out_w / s.out_h;
  const std::int64_t group = channel / s.group_out_c();
  std::int64_t sum = layer.bias.empty() ? 0 : layer.bias[static_cast<std::size_t>(channel)];
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
      const std::int64_t iy = y * s.stride_h - s.pad_top + ky * s.dilation_h;
      const std::int64_t ix = x * s.stride_w - s.pad_left + kx * s.dilation_w;
      if (iy < 0 || iy >= s.in_h || ix < 0 || ix >= s.in_w) continue;
      for (std::int64_t k = 0; k < s.group_in_c(); ++k) {
        const std::uint8_t byte = layer.in[static_cast<std::size_t>(
            ((image * s.in_h + iy) * s.in_w + ix) * s.in_c + group * s.group_in_c() + k)];
        const std::int64_t value =
            reference_value(byte, layer.input.is_signed) - layer.input.zero_point;
        sum += value * layer.weights[static_cast<std::size_t>(
                           ((channel * s.group_in_c() + k) * s.kernel_h + ky) * s.kernel_w + kx)];
      }
    }
  }
  return sum;
}

// Fills a layer of a shape with random values; `extreme` takes them from the ends of their ranges.
Layer random_layer(Random& random, const ConvolutionShape& shape, bool extreme = false) {
  Layer layer;
  layer.shape = shape;
  const auto out_c = static_cast<std::size_t>(shape.out_c);
  const auto terms = static_cast<std::size_t>(shape.group_in_c() * shape.taps());
  layer.input = random_activation(random);
  layer.in = random_bytes(
      random, static_cast<std::size_t>(shape.batch * shape.in_h * shape.in_w * shape.in_c));
  layer.weights.resize(out_c * terms);
  for (std::int8_t& weight : layer.weights) {
    weight = static_cast<std::int8_t>(static_cast<std::int32_t>(random.below(256)) - 128);
  }
  if (extreme) {
    const auto byte = static_cast<std::uint8_t>(random.below(2) == 0 ? layer.input.highest()
                                                                     : layer.input.lowest());
    for (std::uint8_t& value : layer.in) value = byte;
    const std::int8_t ends[] = {-128, 127};
    const std::int8_t end = ends[random.below(2)];
    for (std::int8_t& weight : layer.weights) weight = end;
  }
  if (random.below(4) != 0) {
    layer.bias.resize(out_c);
    for (std::int32_t& value : layer.bias) {
      value = static_cast<std::int32_t>(random.next()) >> random.below(20);
    }
  }
  layer.output = random_activation(random);
  for (std::size_t c = 0; c < out_c; ++c) {
    // Powers of two bring ties; the rest spreads sums over the output's range and far beyond.
    const float scale = random.below(3) == 0 ? 1.0F / 4096 : random.uniform(-0.001F, 0.01F);
    layer.multipliers.push_back(scale / static_cast<float>(random.below(30) + 1));
  }
  layer.min = layer.output.lowest();
  layer.max = layer.output.highest();
  if (random.below(2) == 0) {
    layer.min = layer.output.zero_point;
    layer.max -= static_cast<std::int32_t>(random.below(20));
    layer.max = std::max(layer.max, layer.min);
  }
  return layer;
}

// Runs the layer on every instruction set and number of threads and compares all bits.
void check_layer(const Layer& layer) {
  SCOPED_TRACE(describe(layer));
  const ConvolutionShape& s = layer.shape;
  ASSERT_TRUE(s.valid());
  const auto size = static_cast<std::size_t>(s.out_pixels() * s.out_c);
  std::vector<std::uint8_t> bytes(size);
  std::vector<float> floats(size);
  for (std::size_t i = 0; i < size; ++i) {
    const auto channel = static_cast<std::int64_t>(i) % s.out_c;
    const std::int64_t sum = naive_sum(layer, static_cast<std::int64_t>(i) / s.out_c, channel);
    floats[i] = reference_float(sum) * layer.multipliers[static_cast<std::size_t>(channel)];
    bytes[i] = reference_requantize(floats[i], layer.output, layer.min, layer.max);
  }
  ThreadPool one(1);
  ThreadPool two(2);
  for (const Isa isa : supported_isas()) {
    const Runner quantized = layer.runner(false, isa);
    const Runner real = layer.runner(true, isa);
    SCOPED_TRACE(quantized.kernel().name);
    EXPECT_GT(quantized.packed_bytes(), 0U);
    for (ThreadPool* pool : {&one, &two}) {
      SCOPED_TRACE(pool->threads());
      const std::size_t words = quantized.scratch_bytes(pool->threads()) / 8 + 1;
      GuardedBuffer<std::uint64_t> scratch(words, 0);
      GuardedBuffer<std::uint8_t> out(size);
      quantized.run({layer.in.data()}, out.data(), *pool, scratch.data());
      EXPECT_TRUE(out.intact());
      EXPECT_TRUE(scratch.intact());
      for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(out.data()[i], bytes[i]) << "at " << i;

      GuardedBuffer<float> real_out(size);
      real.run({layer.in.data()}, real_out.data(), *pool, scratch.data());
      EXPECT_TRUE(real_out.intact());
      for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(real_out.data()[i], floats[i]) << "at " << i;
    }
  }
}

ConvolutionShape image_shape(std::int64_t size, std::int64_t in_c, std::int64_t out_c,
                             std::int64_t kernel, std::int64_t stride) {
  ConvolutionShape s;
  s.in_h = s.in_w = size;
  s.in_c = in_c;
  s.out_c = out_c;
  s.kernel_h = s.kernel_w = kernel;
  s.stride_h = s.stride_w = stride;
  s.pad_top = s.pad_left = kernel / 2;
  s.out_h = s.out_w = (size + 2 * s.pad_top - kernel) / stride + 1;
  return s;
}

// Windows, strides, dilations, pads and sizes of the image at random; channels are left to set.
ConvolutionShape random_shape(Random& random) {
  const auto between = [&](std::uint32_t low, std::uint32_t high) {
    return static_cast<std::int64_t>(low + random.below(high - low + 1));
  };
  ConvolutionShape s;
  s.batch = between(1, 2);
  s.in_h = between(1, 9);
  s.in_w = between(1, 9);
  s.kernel_h = between(1, 5);
  s.kernel_w = random.below(2) == 0 ? 3 : between(1, 5);
  s.stride_h = between(1, 3);
  s.stride_w = between(1, 3);
  s.dilation_h = between(1, 2);
  s.dilation_w = between(1, 2);
  s.pad_top = between(0, 3);
  s.pad_left = between(0, 3);
  s.out_h = between(1, 5);
  s.out_w = between(1, 9);
  return s;
}

TEST(ConvolutionInt8, RandomShapes) {
  Random random(1);
  const std::int64_t channels[] = {1, 2, 3, 4, 5, 8, 16, 17, 20, 31, 33};
  const std::int64_t out_channels[] = {1, 2, 5, 8, 15, 16, 17, 31, 32, 33, 49, 67};
  for (int i = 0; i < 150; ++i) {
    ConvolutionShape s = random_shape(random);
    s.in_c = channels[random.below(std::size(channels))];
    s.out_c = out_channels[random.below(std::size(out_channels))];
    check_layer(random_layer(random, s));
    if (HasFatalFailure()) return;
  }
}

TEST(ConvolutionInt8, Grouped) {
  Random random(2);
  for (int i = 0; i < 60; ++i) {
    ConvolutionShape s = random_shape(random);
    s.groups = 2 + random.below(3);
    s.in_c = s.groups * (1 + random.below(20));
    s.out_c = s.groups * (1 + random.below(20));
    check_layer(random_layer(random, s));
    if (HasFatalFailure()) return;
  }
}

TEST(ConvolutionInt8, Depthwise) {
  Random random(3);
  const std::int64_t channels[] = {2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 130};
  for (int i = 0; i < 150; ++i) {
    ConvolutionShape s = random_shape(random);
    if (i % 2 == 0) s.dilation_w = 1;
    s.in_c = channels[random.below(std::size(channels))];
    s.groups = s.out_c = s.in_c;
    check_layer(random_layer(random, s));
    if (HasFatalFailure()) return;
  }
}

TEST(ConvolutionInt8, DepthwiseWithChannelMultiplier) {
  Random random(4);
  for (const std::int64_t multiplier : {2, 3}) {
    ConvolutionShape s = image_shape(6, 7, 7 * multiplier, 3, 1);
    s.groups = 7;
    check_layer(random_layer(random, s));
  }
}

TEST(ConvolutionInt8, PointwiseAndFullyConnected) {
  Random random(5);
  for (const std::int64_t in_c : {1, 3, 4, 8, 36, 64, 255}) {
    for (const std::int64_t pixels : {1, 2, 3, 5, 9, 13, 25, 30}) {
      ConvolutionShape s;
      s.batch = pixels;
      s.in_c = in_c;
      s.out_c = 1 + random.below(70);
      check_layer(random_layer(random, s));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(ConvolutionInt8, StridedPointwise) {
  Random random(6);
  ConvolutionShape s = image_shape(7, 20, 24, 1, 2);
  check_layer(random_layer(random, s));
}

// Values from the ends of their ranges, which saturate where a kernel adds products of bytes in 16
// bits.
TEST(ConvolutionInt8, ExtremeValues) {
  Random random(7);
  for (int i = 0; i < 40; ++i) {
    check_layer(random_layer(random, image_shape(4, 32, 20, 3, 1), true));
    check_layer(random_layer(random, image_shape(4, 3, 33, 3, 2), true));
    ConvolutionShape depthwise = image_shape(4, 40, 40, 3, 1);
    depthwise.groups = 40;
    check_layer(random_layer(random, depthwise, true));
    if (HasFatalFailure()) return;
  }
}

// Biases at the ends of int32: sums on the way to the result, and the results of some, wrap around.
TEST(ConvolutionInt8, SumsWrap) {
  Random random(10);
  for (int i = 0; i < 20; ++i) {
    for (const bool depthwise : {false, true}) {
      ConvolutionShape s = image_shape(4, 24, 24, 3, 1);
      if (depthwise) s.groups = 24;
      Layer layer = random_layer(random, s, i % 2 == 0);
      layer.bias.resize(24);
      for (std::size_t c = 0; c < 24; ++c) {
        layer.bias[c] = c % 2 == 0 ? std::numeric_limits<std::int32_t>::max()
                                   : std::numeric_limits<std::int32_t>::min();
      }
      check_layer(layer);
      if (HasFatalFailure()) return;
    }
  }
}

// Large enough that two threads share the work, by pixels or by channels.
TEST(ConvolutionInt8, WorkThatThreadsShare) {
  Random random(8);
  check_layer(random_layer(random, image_shape(24, 24, 40, 3, 1)));
  ConvolutionShape depthwise = image_shape(40, 160, 160, 3, 1);
  depthwise.groups = 160;
  check_layer(random_layer(random, depthwise));
  ConvolutionShape connected;
  connected.batch = 3;
  connected.in_c = 1536;
  connected.out_c = 1000;
  check_layer(random_layer(random, connected));
}

// Multipliers that overflow, vanish or make no sense still give defined bytes, the same everywhere.
TEST(ConvolutionInt8, AbsurdMultipliers) {
  Random random(9);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float absurd[] = {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(),
                          1e30F,     -1e30F,     std::numeric_limits<float>::denorm_min(),
                          0.0F,      -0.0F};
  for (const bool depthwise : {false, true}) {
    ConvolutionShape s = image_shape(4, 24, 24, 3, 1);
    if (depthwise) s.groups = 24;
    Layer layer = random_layer(random, s);
    layer.bias.assign(24, 0);
    for (std::size_t c = 0; c < 24; ++c) layer.multipliers[c] = absurd[c % 8];
    layer.multipliers[7] = 0;  // compares equal as float32 output whatever its sign
    std::fill(layer.weights.begin(), layer.weights.begin() + 9, std::int8_t{0});
    const std::vector<float> multipliers = layer.multipliers;
    ThreadPool pool(1);
    std::vector<std::uint8_t> expected;
    for (const Isa isa : supported_isas()) {
      Runner convolution = layer.runner(false, isa);
      std::vector<std::uint8_t> out(static_cast<std::size_t>(s.out_pixels() * s.out_c));
      convolution.run({layer.in.data()}, out.data(), pool);
      if (expected.empty()) expected = out;
      EXPECT_EQ(out, expected) << convolution.kernel().name;
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto channel = static_cast<std::int64_t>(i) % s.out_c;
      const float scaled =
          reference_float(naive_sum(layer, static_cast<std::int64_t>(i) / s.out_c, channel)) *
          multipliers[static_cast<std::size_t>(channel)];
      EXPECT_EQ(expected[i], reference_requantize(scaled, layer.output, layer.min, layer.max))
          << "at " << i;
    }
  }
}

TEST(ConvolutionInt8, EachInstructionSetHasItsKernel) {
  const auto best = [](const ConvolutionShape& shape, Isa isa) {
    return kernel_of(best_kernel(ConvolutionInt8Problem{shape, {}, true, {}}, isa)).name;
  };
  for (const TileKernel& kernel : kIgemmInt8Kernels)
    EXPECT_EQ(best({.batch = 256, .in_c = 512, .out_c = 64}, kernel.isa), kernel.name);
  for (const DepthwiseInt8Kernel& kernel : kDepthwiseInt8Kernels)
    EXPECT_EQ(best({.in_c = 64, .out_c = 64, .groups = 64}, kernel.isa), kernel.name);
  EXPECT_EQ(best({.in_c = 3, .out_c = 3, .groups = 3}, Isa::kAvx2), "depthwise_s8_c16_scalar");
}

TEST(ConvolutionInt8Death, RefusesWrongCounts) {
  const std::vector<std::int8_t> weights(4);
  const std::vector<float> multipliers(2, 1.0F);
  const auto make = [&](std::int64_t in_c) {
    (void)Runner(ConvolutionInt8Problem{{.in_c = in_c}, {}, true, {}},
                 WeightsInt8{weights, {}, multipliers}, Isa::kScalar);
  };
  EXPECT_DEATH(make(5), "weights == out_c");
  EXPECT_DEATH(make(4), "multipliers.size");
}

}  // namespace
}  // namespace lathe::kernels
