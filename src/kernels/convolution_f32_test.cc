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

struct Case {
  ConvolutionShape shape;
  bool bias = true;
  bool residual = false;
  ClampF32 clamp = {};
};

std::string describe(const Case& c) {
  const ConvolutionShape& s = c.shape;
  return fmt::format(
      "{}x{}x{}x{} -> {}x{}x{}, kernel {}x{}, stride {}x{}, dilation {}x{}, pads {},{}, groups {}, "
      "bias {}, residual {}, clamp {} {}",
      s.batch, s.in_h, s.in_w, s.in_c, s.out_h, s.out_w, s.out_c, s.kernel_h, s.kernel_w,
      s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.pad_top, s.pad_left, s.groups, c.bias,
      c.residual, c.clamp.min, c.clamp.max);
}

std::size_t in_size(const ConvolutionShape& s) {
  return static_cast<std::size_t>(s.batch * s.in_h * s.in_w * s.in_c);
}
std::size_t out_size(const ConvolutionShape& s) {
  return static_cast<std::size_t>(s.out_pixels() * s.out_c);
}
std::size_t weight_size(const ConvolutionShape& s) {
  return static_cast<std::size_t>(s.out_c * s.group_in_c() * s.taps());
}

// One output in double precision before residual and clamp, and the sum of the magnitudes added.
struct Sum {
  double value = 0;
  double magnitude = 0;
};

Sum naive_sum(const ConvolutionShape& s, const float* in, const std::vector<float>& weights,
              std::int64_t pixel, std::int64_t channel) {
  Sum sum;
  const std::int64_t x = pixel % s.out_w;
  const std::int64_t y = pixel / s.out_w % s.out_h;
  const std::int64_t image = pixel / s.out_w / s.out_h;
  const std::int64_t group = channel / s.group_out_c();
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
      const std::int64_t iy = y * s.stride_h - s.pad_top + ky * s.dilation_h;
      const std::int64_t ix = x * s.stride_w - s.pad_left + kx * s.dilation_w;
      if (iy < 0 || iy >= s.in_h || ix < 0 || ix >= s.in_w) continue;
      for (std::int64_t k = 0; k < s.group_in_c(); ++k) {
        const double value =
            in[((image * s.in_h + iy) * s.in_w + ix) * s.in_c + group * s.group_in_c() + k];
        const double weight = weights[static_cast<std::size_t>(
            ((channel * s.group_in_c() + k) * s.kernel_h + ky) * s.kernel_w + kx)];
        sum.value += value * weight;
        sum.magnitude += std::abs(value * weight);
      }
    }
  }
  return sum;
}

std::vector<float> random_floats(Random& random, std::size_t size) {
  std::vector<float> values(size);
  for (float& value : values) value = random.uniform(-1, 1);
  return values;
}

// Runs the layer on buffers that start one float past any alignment and end at a guard.
std::vector<float> run_layer(const Runner& layer, const ConvolutionShape& shape,
                             const std::vector<float>& in, const std::vector<float>& residual,
                             bool in_place, int threads) {
  ThreadPool pool(threads);
  const GuardedBuffer<float> guarded_in(in);
  GuardedBuffer<float> out(out_size(shape));
  const float* added = residual.empty() ? nullptr : residual.data();
  if (in_place && added != nullptr) {
    std::copy(residual.begin(), residual.end(), out.data());
    added = out.data();
  }
  GuardedBuffer<double> scratch((layer.scratch_bytes(threads) + 7) / 8 + 1, 0);
  layer.run({guarded_in.data(), added}, out.data(), pool, scratch.data());
  EXPECT_TRUE(out.intact()) << "wrote outside of the output";
  EXPECT_TRUE(scratch.intact()) << "wrote outside of the scratch memory";
  return {out.data(), out.data() + out.size()};
}

// How much farther than a sum in order a kernel may be from the exact value.
double rounding(KernelId kernel) {
  return kernel_of(kernel).name.starts_with("winograd_f32_4x4") ? 16 : 1;
}

void check(const Case& c, Random& random) {
  SCOPED_TRACE(describe(c));
  ASSERT_TRUE(c.shape.valid());
  const std::vector<float> in = random_floats(random, in_size(c.shape));
  const std::vector<float> weights = random_floats(random, weight_size(c.shape));
  const std::vector<float> bias =
      random_floats(random, c.bias ? static_cast<std::size_t>(c.shape.out_c) : 0);
  const std::vector<float> residual = random_floats(random, c.residual ? out_size(c.shape) : 0);
  const ConvolutionF32Problem problem{c.shape, c.clamp, c.residual};
  for (const KernelId kernel : candidates(problem, select_isa().value())) {
    SCOPED_TRACE(kernel_of(kernel).name);
    const Runner layer(problem, WeightsF32{weights, bias}, kernel);
    const std::vector<float> one = run_layer(layer, c.shape, in, residual, false, 1);
    const std::vector<float> two = run_layer(layer, c.shape, in, residual, true, 2);
    ASSERT_EQ(std::memcmp(one.data(), two.data(), one.size() * sizeof(float)), 0)
        << "the result depends on threads or on the residual's place";
    for (std::size_t i = 0; i < one.size(); ++i) {
      const auto channel = static_cast<std::int64_t>(i) % c.shape.out_c;
      const auto pixel = static_cast<std::int64_t>(i) / c.shape.out_c;
      Sum sum = naive_sum(c.shape, in.data(), weights, pixel, channel);
      if (c.bias) sum.value += bias[static_cast<std::size_t>(channel)];
      if (c.residual) sum.value += residual[i];
      const double expected =
          std::min<double>(std::max<double>(sum.value, c.clamp.min), c.clamp.max);
      const auto terms = static_cast<double>(c.shape.taps() * c.shape.group_in_c() + 2);
      const double tolerance = rounding(kernel) * terms * std::numeric_limits<float>::epsilon() *
                               (sum.magnitude / terms + 2);
      ASSERT_NEAR(one[i], expected, tolerance) << "pixel " << pixel << " channel " << channel;
    }
  }
}

ConvolutionShape image(std::int64_t size, std::int64_t in_c, std::int64_t out_c,
                       std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  ConvolutionShape s;
  s.in_h = s.in_w = size;
  s.in_c = in_c;
  s.out_c = out_c;
  s.kernel_h = s.kernel_w = kernel;
  s.stride_h = s.stride_w = stride;
  s.pad_top = s.pad_left = pad;
  s.out_h = s.out_w = (size + 2 * pad - kernel) / stride + 1;
  return s;
}

TEST(ConvolutionF32, PointwiseOfEveryTileSize) {
  Random random(1);
  for (std::int64_t pixels = 1; pixels <= 27; ++pixels) {
    for (const std::int64_t out_c : {1, 7, 8, 9, 16, 17, 33, 64}) {
      check({.shape = {.batch = pixels, .in_c = 5 + pixels % 3, .out_c = out_c}}, random);
    }
  }
}

TEST(ConvolutionF32, FullyConnectedRow) {
  Random random(2);
  check({.shape = {.in_c = 513, .out_c = 1000}, .clamp = {.min = 0}}, random);
  check({.shape = {.in_c = 1, .out_c = 10}}, random);
}

TEST(ConvolutionF32, FirstLayers) {
  Random random(3);
  for (const std::int64_t in_c : {1, 3, 4, 15}) {
    check({.shape = image(23, in_c, 19, 7, 2, 3), .clamp = {.min = 0}}, random);
    check({.shape = image(12, in_c, 16, 3, 1, 1), .residual = true}, random);
    check({.shape = image(12, in_c, 8, 3, 3, 0)}, random);
    check({.shape = image(3, in_c, 8, 5, 1, 4)}, random);
  }
}

TEST(ConvolutionF32, RegularKernels) {
  Random random(4);
  check({.shape = image(14, 32, 48, 3, 1, 1), .residual = true, .clamp = {.min = 0}}, random);
  check({.shape = image(15, 17, 70, 3, 2, 1), .clamp = {.min = 0, .max = 6}}, random);
  check({.shape = image(9, 24, 33, 1, 2, 0)}, random);
}

TEST(ConvolutionF32, SquareKernels) {
  Random random(8);
  const auto upto = [&](std::int64_t bound) {
    return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(bound)));
  };
  for (int i = 0; i < 60; ++i) {
    ConvolutionShape s = image(1, upto(40), upto(70), 3, 1, 0);
    s.batch = upto(3);
    s.in_h = upto(20);
    s.in_w = upto(20);
    s.out_h = upto(20);
    s.out_w = upto(20);
    s.pad_top = upto(4) - 1;
    s.pad_left = upto(4) - 1;
    check({.shape = s,
           .bias = random.below(2) == 0,
           .residual = random.below(2) == 0,
           .clamp = random.below(2) == 0 ? ClampF32{} : ClampF32{.min = -0.5F, .max = 1.5F}},
          random);
  }
}

// What points.h says of the rounding of Winograd's transforms, on what networks have.
TEST(ConvolutionF32, RoundsAsItsTransformsSay) {
  Random random(9);
  const ConvolutionShape shape = image(16, 128, 32, 3, 1, 1);
  std::vector<float> in(in_size(shape));
  for (float& value : in) value = std::max(0.0F, random.normal());
  std::vector<float> weights(weight_size(shape));
  for (float& value : weights) value = 0.04F * random.normal();
  const ConvolutionF32Problem problem{shape, {}};
  const auto error_of = [&](std::string_view name) {
    const Runner layer(problem, WeightsF32{weights, {}}, *find_kernel(name));
    const std::vector<float> out = run_layer(layer, shape, in, {}, false, 1);
    double squares = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const double exact =
          naive_sum(shape, in.data(), weights, at / shape.out_c, at % shape.out_c).value;
      squares += (out[i] - exact) * (out[i] - exact);
    }
    return std::sqrt(squares);
  };
  const double in_order = error_of("igemm_f32_4x8_scalar");
  for (const KernelId kernel : candidates(problem, select_isa().value())) {
    const std::string_view name = kernel_of(kernel).name;
    EXPECT_LT(error_of(name), in_order * (name.starts_with("winograd_f32_4x4") ? 2.5 : 1.2))
        << name;
  }
}

TEST(ConvolutionF32, Depthwise) {
  Random random(5);
  for (const std::int64_t channels : {2, 8, 16, 23, 64, 100}) {
    ConvolutionShape s = image(11, channels, channels, 3, 1 + channels % 2, 1);
    s.groups = channels;
    check({.shape = s, .clamp = {.min = 0, .max = 6}}, random);
    s.out_c *= 2;
    check({.shape = s, .residual = true}, random);
  }
}

TEST(ConvolutionF32, NarrowGroups) {
  Random random(8);
  for (const std::int64_t width : {2, 4, 8}) {
    for (const std::int64_t groups : {2, 3, 8, 17, 32}) {
      ConvolutionShape s =
          image(9 + groups % 2 * 12, width * groups, width * groups, 3, 1 + groups % 2, 1);
      s.groups = groups;
      check({.shape = s, .residual = groups == 8, .clamp = {.min = 0, .max = 6}}, random);
    }
  }
}

TEST(ConvolutionF32, WorkThatThreadsShare) {
  Random random(6);
  check({.shape = image(56, 16, 32, 3, 1, 1), .residual = true}, random);
  ConvolutionShape s = image(56, 96, 96, 3, 1, 1);
  s.groups = 96;
  check({.shape = s, .residual = true}, random);
}

// Memory is for the threads that were meant; a pool may get fewer.
TEST(ConvolutionF32, FewerThreadsNeedNoMoreMemory) {
  for (const std::int64_t size : {7, 14, 28, 56}) {
    for (const std::int64_t channels : {16, 64, 256, 512}) {
      const ConvolutionF32Problem problem{image(size, channels, channels, 3, 1, 1), {}};
      for (const KernelId id : candidates(problem, select_isa().value())) {
        const Kernel& kernel = kernel_of(id);
        if (kernel.scratch_bytes == nullptr) continue;
        for (int threads = 2; threads <= 16; ++threads) {
          EXPECT_GE(kernel.scratch_bytes(problem, threads),
                    kernel.scratch_bytes(problem, threads - 1))
              << kernel.name << ' ' << size << ' ' << channels;
        }
      }
    }
  }
}

TEST(ConvolutionF32, RandomShapes) {
  Random random(7);
  const auto upto = [&](std::int64_t bound) {
    return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(bound)));
  };
  for (int i = 0; i < 250; ++i) {
    ConvolutionShape s;
    s.batch = upto(3);
    s.kernel_h = upto(4);
    s.kernel_w = upto(4);
    s.stride_h = upto(3);
    s.stride_w = upto(3);
    s.dilation_h = upto(3);
    s.dilation_w = upto(2);
    s.pad_top = upto(4) - 1;
    s.pad_left = upto(4) - 1;
    s.in_h = upto(12);
    s.in_w = upto(12);
    s.groups = random.below(2) == 0 ? 1 : upto(5);
    s.in_c = s.groups * (random.below(3) == 0 ? 1 : upto(20));
    s.out_c = s.groups * upto(40);
    if (i % 8 == 0) s.in_c = s.out_c = s.groups * (std::int64_t{1} << upto(3));
    // Whatever the padding at the far sides, outputs may read wholly outside of the image.
    s.out_h = upto(12);
    s.out_w = upto(12);
    check({.shape = s,
           .bias = random.below(2) == 0,
           .residual = random.below(2) == 0,
           .clamp = random.below(2) == 0 ? ClampF32{} : ClampF32{.min = -0.5F, .max = 1.5F}},
          random);
  }
}

TEST(ConvolutionF32, NanIsNotClampedAway) {
  ThreadPool pool(1);
  const float in[] = {std::numeric_limits<float>::quiet_NaN(), 1};
  const float weights[] = {1, 1};
  for (const Isa isa : supported_isas()) {
    Runner layer(ConvolutionF32Problem{{.in_c = 2, .out_c = 1}, {.min = 0, .max = 6}},
                 WeightsF32{weights, {}}, isa);
    float out = 0;
    layer.run({in}, &out, pool);
    EXPECT_TRUE(std::isnan(out)) << isa_name(isa);
  }
}

TEST(ConvolutionF32, PicksTheBestKernelUpToTheInstructionSet) {
  const auto name = [](const ConvolutionShape& shape, Isa isa) {
    return kernel_of(best_kernel(ConvolutionF32Problem{shape, {}}, isa)).name;
  };
  const ConvolutionShape regular{.in_c = 4, .out_c = 32};
  const ConvolutionShape depthwise{.in_c = 16, .out_c = 16, .groups = 16};
  EXPECT_EQ(name(regular, Isa::kScalar), "igemm_f32_4x8_scalar");
  EXPECT_EQ(name(depthwise, Isa::kScalar), "depthwise_f32_scalar");
#if defined(__x86_64__)
  EXPECT_EQ(name(regular, Isa::kAvx2), "igemm_f32_6x16_avx2");
  EXPECT_EQ(name(regular, Isa::kAvx512Vnni), "igemm_f32_12x32_avx512");
  EXPECT_EQ(name(depthwise, Isa::kAvx512), "depthwise_f32_avx512");
#endif
}

}  // namespace
}  // namespace lathe::kernels
