// The kernels for AMX, and how they are driven, on emulated tiles; on the machine's own where it
// has them.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <iterator>
#include <vector>

#include "base/random.h"
#include "kernels/aligned_buffer.h"
#include "kernels/guarded_buffer.h"
#include "kernels/igemm/convolution_f32.h"
#include "kernels/igemm/convolution_int8.h"
#include "kernels/int8_reference.h"
#include "kernels/runner.h"
#include "kernels/storage.h"

namespace lathe::kernels {
namespace {

constexpr TileKernel kEmulated{Isa::kAvx512Vnni,
                               "igemm_s8_32x32_emulated",
                               igemm_s8_32x32_emulated,
                               Dot::kInt8,
                               32,
                               32,
                               16,
                               64,
                               0,
                               configure_tiles_emulated,
                               release_tiles_emulated};

struct Layer {
  ConvolutionInt8Problem problem;
  std::vector<std::int8_t> weights;
  std::vector<std::int32_t> bias;
  std::vector<float> multipliers;
  std::vector<std::uint8_t> in;
};

Layer random_layer(Random& random, const ConvolutionShape& shape, bool float_output) {
  Layer layer;
  layer.problem.shape = shape;
  layer.problem.input = random_activation(random);
  layer.problem.float_output = float_output;
  layer.in = random_bytes(
      random, static_cast<std::size_t>(shape.batch * shape.in_h * shape.in_w * shape.in_c));
  layer.weights.resize(static_cast<std::size_t>(shape.out_c * shape.group_in_c() * shape.taps()));
  for (std::int8_t& w : layer.weights)
    w = static_cast<std::int8_t>(static_cast<int>(random.below(256)) - 128);
  for (std::int64_t c = 0; c < shape.out_c; ++c) {
    layer.bias.push_back(static_cast<std::int32_t>(random.below(20000)) - 10000);
    layer.multipliers.push_back(random.uniform(1e-4F, 3e-3F));
  }
  return layer;
}

std::vector<std::byte> run(const Layer& layer, const TileKernel& kernel, int threads) {
  ThreadPool pool(threads);
  const Problem problem = layer.problem;
  AlignedBuffer<std::byte> packed(IgemmConvolutionInt8::packed_bytes(layer.problem, kernel));
  IgemmConvolutionInt8::pack(layer.problem, kernel, {layer.weights, layer.bias, layer.multipliers},
                             packed.data(), pool);
  AlignedBuffer<std::byte> scratch(
      IgemmConvolutionInt8::scratch_bytes(layer.problem, kernel, threads));
  // The input ends where its buffer does, so that a sanitizer sees what reads beyond.
  const std::vector<std::uint8_t> in(layer.in);
  GuardedBuffer<std::byte> out(static_cast<std::size_t>(operand_bytes(problem)->output), 0);
  const void* input = in.data();
  void* output = out.data();
  IgemmConvolutionInt8::run(layer.problem, kernel,
                            {&input, &output, packed.data(), scratch.data(), pool});
  EXPECT_TRUE(out.intact());
  return {out.data(), out.data() + out.size()};
}

void check(const Layer& layer) {
  if (!isa_supported(Isa::kAvx512Vnni)) GTEST_SKIP() << "this machine has no AVX-512 VNNI";
  const ConvolutionShape& s = layer.problem.shape;
  SCOPED_TRACE(testing::Message() << s.batch << 'x' << s.in_h << 'x' << s.in_w << 'x' << s.in_c
                                  << " to " << s.out_c << ", kernel " << s.kernel_h << ", stride "
                                  << s.stride_h << ", groups " << s.groups);
  std::vector<const TileKernel*> tiled{&kEmulated};
  const TileKernel* scalar = nullptr;
  for (const TileKernel& kernel : kIgemmInt8Kernels) {
    if (kernel.isa == Isa::kScalar) scalar = &kernel;
    if (kernel.isa == Isa::kAmx && isa_supported(Isa::kAmx)) tiled.push_back(&kernel);
  }
  const std::vector<std::byte> expected = run(layer, *scalar, 1);
  for (const TileKernel* kernel : tiled) {
    EXPECT_EQ(run(layer, *kernel, 1), expected) << kernel->name;
    EXPECT_EQ(run(layer, *kernel, 2), expected) << kernel->name;
  }
}

TEST(IgemmInt8Amx, PointwiseOfEveryTileSize) {
  Random random(1);
  for (const std::int64_t pixels : {1, 2, 15, 16, 17, 31, 32, 33, 49, 64, 65, 130}) {
    for (const std::int64_t in_c : {3, 64, 100, 128, 192}) {
      for (const std::int64_t out_c : {1, 16, 17, 32, 40, 64}) {
        check(random_layer(random, {.batch = pixels, .in_c = in_c, .out_c = out_c},
                           random.below(4) == 0));
      }
    }
  }
}

TEST(IgemmInt8Amx, Convolutions) {
  Random random(2);
  const auto upto = [&](std::int64_t bound) {
    return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(bound)));
  };
  for (int i = 0; i < 60; ++i) {
    ConvolutionShape s;
    s.batch = upto(2);
    s.in_h = upto(12);
    s.in_w = upto(12);
    s.groups = upto(3);
    s.in_c = s.groups * (random.below(2) == 0 ? 64 : upto(70));
    s.out_c = s.groups * upto(50);
    s.kernel_h = upto(3);
    s.kernel_w = upto(3);
    s.stride_h = upto(2);
    s.stride_w = upto(2);
    s.dilation_h = upto(2);
    s.pad_top = upto(2) - 1;
    s.pad_left = upto(2) - 1;
    s.out_h = upto(10);
    s.out_w = upto(10);
    check(random_layer(random, s, random.below(4) == 0));
  }
}

constexpr TileKernel kEmulatedBF16{Isa::kAvx512Bf16,
                                   "igemm_bf16_32x32_emulated",
                                   igemm_bf16_32x32_emulated,
                                   Dot::kBF16,
                                   32,
                                   32,
                                   0,
                                   32,
                                   0,
                                   configure_tiles_emulated,
                                   release_tiles_emulated};

struct BF16Layer {
  ConvolutionF32Problem problem;
  std::vector<float> weights;
  std::vector<float> bias;
  std::vector<BFloat16> in;
  std::vector<BFloat16> residual;
};

std::vector<float> run(const BF16Layer& layer, const TileKernel& kernel, int threads) {
  ThreadPool pool(threads);
  AlignedBuffer<std::byte> packed(IgemmConvolutionBF16::packed_bytes(layer.problem, kernel));
  IgemmConvolutionBF16::pack(layer.problem, kernel, {layer.weights, layer.bias}, packed.data(),
                             pool);
  AlignedBuffer<std::byte> scratch(
      IgemmConvolutionBF16::scratch_bytes(layer.problem, kernel, threads));
  const std::vector<BFloat16> in(layer.in);
  GuardedBuffer<std::byte> out(static_cast<std::size_t>(operand_bytes(layer.problem)->output), 0);
  const void* inputs[] = {in.data(), layer.residual.data()};
  void* output = out.data();
  IgemmConvolutionBF16::run(layer.problem, kernel,
                            {inputs, &output, packed.data(), scratch.data(), pool});
  EXPECT_TRUE(out.intact());
  std::vector<float> values;
  with_storage(layer.problem.float_output ? ElementType::kFloat32 : ElementType::kBFloat16,
               [&](auto element) {
                 for (std::size_t at = 0; at < out.size(); at += sizeof element) {
                   std::memcpy(&element, out.data() + at, sizeof element);
                   values.push_back(load(element));
                 }
               });
  return values;
}

TEST(IgemmBF16Amx, ConvolutionsAndProducts) {
  if (!isa_supported(Isa::kAvx512Bf16)) GTEST_SKIP() << "this machine has no AVX512-BF16";
  Random random(4);
  const auto upto = [&](std::int64_t bound) {
    return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(bound)));
  };
  for (int i = 0; i < 80; ++i) {
    ConvolutionShape s;
    s.groups = upto(2);
    s.in_c = s.groups * (random.below(2) == 0 ? 32 : upto(70));
    s.out_c = s.groups * upto(70);
    if (i % 2 == 0) {
      s.batch = upto(140);
    } else {
      s.in_h = s.out_h = upto(12);
      s.in_w = s.out_w = upto(12);
      s.kernel_h = s.kernel_w = 3;
      s.pad_top = s.pad_left = 1;
    }
    BF16Layer layer;
    layer.problem = {s, {-1, 2}, random.below(2) == 0, ElementType::kBFloat16};
    layer.problem.float_output = !layer.problem.residual && random.below(2) == 0;
    const std::int64_t terms = s.taps() * s.group_in_c();
    for (std::int64_t k = 0; k < s.out_c * terms; ++k)
      layer.weights.push_back(random.uniform(-1, 1));
    for (std::int64_t k = 0; k < s.out_c; ++k) layer.bias.push_back(random.uniform(-1, 1));
    for (std::int64_t k = 0; k < s.batch * s.in_h * s.in_w * s.in_c; ++k)
      layer.in.push_back(store<BFloat16>(random.uniform(-1, 1)));
    for (std::int64_t k = 0; k < s.out_pixels() * s.out_c; ++k)
      layer.residual.push_back(store<BFloat16>(random.uniform(-1, 1)));
    const std::vector<float> expected = run(layer, *(std::end(kIgemmBF16Kernels) - 1), 1);
    const std::vector<float> one = run(layer, kEmulatedBF16, 1);
    EXPECT_EQ(one, run(layer, kEmulatedBF16, 2));
    for (std::size_t k = 0; k < expected.size(); ++k) {
      ASSERT_NEAR(one[k], expected[k],
                  std::abs(expected[k]) * 0x1p-7 + 1e-6 * (2.0 + static_cast<double>(terms)))
          << s.batch << 'x' << s.in_h << 'x' << s.in_w << 'x' << s.in_c << " to " << s.out_c;
    }
  }
}

// Matrices that are both computed, one of which is packed where anything was before.
TEST(IgemmInt8Amx, Matrices) {
  if (!isa_supported(Isa::kAvx512Vnni)) GTEST_SKIP() << "this machine has no AVX-512 VNNI";
  Random random(3);
  ThreadPool pool(2);
  for (const std::int64_t inner : {1, 30, 64, 100, 257}) {
    ConvolutionInt8Problem product{{.batch = 37, .in_c = inner, .out_c = 45}};
    product.input = random_activation(random);
    const QuantizedActivation type = random_activation(random);
    const std::vector<std::uint8_t> a = random_bytes(random, static_cast<std::size_t>(37 * inner));
    const std::vector<std::uint8_t> b = random_bytes(random, static_cast<std::size_t>(45 * inner));
    std::vector<std::vector<std::uint8_t>> outputs;
    for (const TileKernel& kernel : {kEmulated, *(std::end(kIgemmInt8Kernels) - 1)}) {
      AlignedBuffer<std::byte> packed(IgemmConvolutionInt8::packed_bytes(product, kernel));
      std::fill_n(packed.data(), packed.size(), std::byte{0x5a});
      IgemmConvolutionInt8::pack_matrix(product, kernel, b.data(), type, 1e-3F, packed.data(),
                                        pool);
      AlignedBuffer<std::byte> scratch(IgemmConvolutionInt8::scratch_bytes(product, kernel, 2));
      std::vector<std::uint8_t>& out = outputs.emplace_back(37 * 45);
      const void* input = a.data();
      void* output = out.data();
      IgemmConvolutionInt8::run_matrix(product, kernel, type,
                                       {&input, &output, packed.data(), scratch.data(), pool});
    }
    EXPECT_EQ(outputs[0], outputs[1]) << inner;
  }
}

}  // namespace
}  // namespace lathe::kernels
