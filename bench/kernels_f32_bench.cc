// The float32 kernels, one thread, on the layers of ResNet-50 and MobileNetV2 and on others that
// are hard in some way. Counters: GFLOP/s, and the share of the FMA peak of the instruction set,
// measured right before each benchmark; GB/s where memory is the limit.
//
//   kernels_f32_bench --benchmark_filter=avx512 --benchmark_repetitions=5
#include <array>
#include <benchmark/benchmark.h>
#include <cstddef>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "kernels/aligned_buffer.h"
#include "kernels/depthwise_f32/kernels.h"
#include "kernels/igemm_f32/kernels.h"
#include "kernels/peak.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

// Aligned to a cache line, as the engine's memory is.
AlignedBuffer<float> random_floats(std::size_t size) {
  Random random(size);
  AlignedBuffer<float> values(size);
  for (float& value : values.span()) value = random.uniform(-1, 1);
  return values;
}

void count_flops(benchmark::State& state, double flops, double peak_gflops) {
  state.counters["GFLOP/s"] = benchmark::Counter(
      flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
  state.counters["peak_share"] =
      benchmark::Counter(flops * 1e-9 / peak_gflops, benchmark::Counter::kIsIterationInvariantRate);
}

void count_bytes(benchmark::State& state, double bytes) {
  state.counters["GB/s"] =
      benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

struct Layer {
  const char* name;
  ConvolutionShape shape;
};

constexpr ConvolutionShape square(std::int64_t size, std::int64_t in_c, std::int64_t out_c,
                                  std::int64_t kernel, std::int64_t stride) {
  ConvolutionShape s;
  s.in_h = s.in_w = size;
  s.in_c = in_c;
  s.out_c = out_c;
  s.kernel_h = s.kernel_w = kernel;
  s.stride_h = s.stride_w = stride;
  s.pad_top = s.pad_left = kernel / 2;
  s.out_h = s.out_w = (size - 1) / stride + 1;
  return s;
}

constexpr ConvolutionShape depthwise(std::int64_t size, std::int64_t channels,
                                     std::int64_t stride) {
  ConvolutionShape s = square(size, channels, channels, 3, stride);
  s.groups = channels;
  return s;
}

constexpr ConvolutionShape dense(std::int64_t batch, std::int64_t in_c, std::int64_t out_c) {
  return {.batch = batch, .in_c = in_c, .out_c = out_c};
}

constexpr Layer kLayers[] = {
    {"resnet_7x7_s2_3_64_at_224", square(224, 3, 64, 7, 2)},
    {"resnet_1x1_64_64_at_56", square(56, 64, 64, 1, 1)},
    {"resnet_3x3_64_64_at_56", square(56, 64, 64, 3, 1)},
    {"resnet_1x1_64_256_at_56", square(56, 64, 256, 1, 1)},
    {"resnet_1x1_256_64_at_56", square(56, 256, 64, 1, 1)},
    {"resnet_3x3_s2_128_128_at_56", square(56, 128, 128, 3, 2)},
    {"resnet_1x1_s2_256_512_at_56", square(56, 256, 512, 1, 2)},
    {"resnet_1x1_128_512_at_28", square(28, 128, 512, 1, 1)},
    {"resnet_1x1_512_128_at_28", square(28, 512, 128, 1, 1)},
    {"resnet_3x3_128_128_at_28", square(28, 128, 128, 3, 1)},
    {"resnet_1x1_256_1024_at_14", square(14, 256, 1024, 1, 1)},
    {"resnet_1x1_1024_256_at_14", square(14, 1024, 256, 1, 1)},
    {"resnet_3x3_256_256_at_14", square(14, 256, 256, 3, 1)},
    {"resnet_1x1_512_2048_at_7", square(7, 512, 2048, 1, 1)},
    {"resnet_1x1_2048_512_at_7", square(7, 2048, 512, 1, 1)},
    {"resnet_3x3_512_512_at_7", square(7, 512, 512, 3, 1)},
    {"resnet_dense_2048_1000", dense(1, 2048, 1000)},
    {"mobilenet_3x3_s2_3_32_at_224", square(224, 3, 32, 3, 2)},
    {"mobilenet_1x1_32_16_at_112", square(112, 32, 16, 1, 1)},
    {"mobilenet_1x1_24_144_at_56", square(56, 24, 144, 1, 1)},
    {"mobilenet_1x1_960_160_at_7", square(7, 960, 160, 1, 1)},
    {"mobilenet_depthwise_32_at_112", depthwise(112, 32, 1)},
    {"mobilenet_depthwise_s2_96_at_112", depthwise(112, 96, 2)},
    {"mobilenet_depthwise_144_at_56", depthwise(56, 144, 1)},
    {"mobilenet_depthwise_960_at_7", depthwise(7, 960, 1)},
    {"small_3x3_1_32_at_28", square(28, 1, 32, 3, 1)},
    {"small_3x3_16_16_at_32", square(32, 16, 16, 3, 1)},
    {"small_depthwise_64_at_7", depthwise(7, 64, 1)},
    {"dense_2_pixels_1024_1024", dense(2, 1024, 1024)},
};

void run_convolution(benchmark::State& state, const ConvolutionShape& shape, Isa isa) {
  const double peak = measure_fma_peak_gflops(isa, 0.02);
  const auto weights =
      random_floats(static_cast<std::size_t>(shape.out_c * shape.group_in_c() * shape.taps()));
  const auto bias = random_floats(static_cast<std::size_t>(shape.out_c));
  const auto in =
      random_floats(static_cast<std::size_t>(shape.batch * shape.in_h * shape.in_w * shape.in_c));
  AlignedBuffer<float> out(static_cast<std::size_t>(shape.out_pixels() * shape.out_c));
  ThreadPool pool(1);
  Runner layer(ConvolutionF32Problem{shape, {.min = 0}}, WeightsF32{weights.span(), bias.span()},
               isa);
  for (auto _ : state) {
    layer.run({in.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  count_flops(state, 2 * static_cast<double>(shape.macs()), peak);
  state.SetLabel(std::string(layer.kernel().name));
}

// The kernel alone on a tile whose operands fit the level 1 cache.
void run_igemm(benchmark::State& state, const IgemmF32Kernel& kernel) {
  constexpr std::size_t kDepth = 128;
  const double peak = measure_fma_peak_gflops(kernel.isa, 0.02);
  const auto mr = static_cast<std::size_t>(kernel.mr);
  const auto nr = static_cast<std::size_t>(kernel.nr);
  const auto in = random_floats(mr * kDepth);
  const auto panel = random_floats(nr * (1 + kDepth));
  AlignedBuffer<float> out(mr * nr);
  std::vector<const float*> rows(mr);
  for (std::size_t i = 0; i < mr; ++i) rows[i] = in.data() + i * kDepth;
  const IgemmF32Args args{rows.data(),          mr,      0,          1,  kDepth,
                          panel.data(),         nullptr, out.data(), nr, static_cast<int>(mr),
                          static_cast<int>(nr), 0,       6};
  for (auto _ : state) {
    kernel.function(args);
    benchmark::ClobberMemory();
  }
  count_flops(state, 2.0 * static_cast<double>(mr * nr * kDepth), peak);
}

// The kernel alone on a row of 3x3 taps in the level 1 cache.
void run_depthwise(benchmark::State& state, const DepthwiseF32Kernel& kernel) {
  constexpr std::size_t kTaps = 9;
  constexpr std::size_t kPixels = 16;
  constexpr std::size_t kChannels = 64;
  const double peak = measure_fma_peak_gflops(kernel.isa, 0.02);
  const auto in = random_floats((kPixels + kTaps) * kChannels);
  const auto weights = random_floats((1 + kTaps) * kChannels);
  AlignedBuffer<float> out(kPixels * kChannels);
  std::vector<DepthwiseF32Tap> taps(kTaps);
  for (std::size_t i = 0; i < kTaps; ++i) {
    taps[i] = {in.data() + i * kChannels, weights.data() + (1 + i) * kChannels};
  }
  const DepthwiseF32Args args{taps.data(),    kTaps,   kChannels,  kChannels,
                              weights.data(), nullptr, out.data(), kChannels,
                              kPixels,        0,       6};
  for (auto _ : state) {
    kernel.pixels(args);
    benchmark::ClobberMemory();
  }
  count_flops(state, 2.0 * kTaps * kPixels * kChannels, peak);
}

constexpr std::int64_t kElements = 56 * 56 * 64;

void run_unary(benchmark::State& state, UnaryOpF32 op, Isa isa) {
  const auto in = random_floats(kElements);
  AlignedBuffer<float> out(in.size());
  ThreadPool pool(1);
  Runner layer(UnaryF32Problem{op, 0, 0, {}, kElements}, isa);
  for (auto _ : state) {
    layer.run({in.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 8.0 * kElements);
}

void run_binary(benchmark::State& state, Isa isa) {
  const auto in = random_floats(kElements);
  AlignedBuffer<float> out(in.size());
  ThreadPool pool(1);
  Runner layer(BinaryF32Problem{BinaryOpF32::kAdd, OperandF32::kSame, {.min = 0}, 1, kElements},
               isa);
  for (auto _ : state) {
    layer.run({in.data(), out.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 12.0 * kElements);
}

void run_max_pool(benchmark::State& state, Isa isa) {
  PoolingShape shape{.in_h = 112, .in_w = 112, .channels = 64, .out_h = 56, .out_w = 56};
  shape.kernel_h = shape.kernel_w = 3;
  shape.stride_h = shape.stride_w = 2;
  shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = 1;
  const auto in = random_floats(112 * 112 * 64);
  AlignedBuffer<float> out(56 * 56 * 64);
  ThreadPool pool(1);
  Runner layer(PoolingF32Problem{PoolingKind::kMax, shape}, isa);
  for (auto _ : state) {
    layer.run({in.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 4.0 * static_cast<double>(in.size() + out.size()));
}

void run_global_average_pool(benchmark::State& state, Isa isa) {
  const auto in = random_floats(7 * 7 * 2048);
  AlignedBuffer<float> out(2048);
  ThreadPool pool(1);
  Runner layer(PoolingF32Problem{PoolingKind::kMean, PoolingShape::global(1, 7, 7, 2048)}, isa);
  for (auto _ : state) {
    layer.run({in.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 4.0 * static_cast<double>(in.size()));
}

void run_softmax(benchmark::State& state, Isa isa) {
  const auto in = random_floats(64 * 1000);
  AlignedBuffer<float> out(in.size());
  ThreadPool pool(1);
  Runner layer(SoftmaxF32Problem{false, 64, 1000}, isa);
  for (auto _ : state) {
    layer.run({in.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 8.0 * static_cast<double>(in.size()));
}

void run_to_nhwc(benchmark::State& state, std::int64_t channels, std::int64_t pixels) {
  const auto in = random_floats(static_cast<std::size_t>(channels * pixels));
  AlignedBuffer<float> out(in.size());
  ThreadPool pool(1);
  Runner layer(PermuteProblem{{1, channels, pixels}, {0, 2, 1}, sizeof(float)}, Isa::kScalar);
  for (auto _ : state) {
    layer.run({in.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 8.0 * static_cast<double>(in.size()));
}

void register_kernels() {
  for (const IgemmF32Kernel& kernel : kIgemmF32Kernels) {
    if (!isa_supported(kernel.isa)) continue;
    benchmark::RegisterBenchmark(fmt::format("kernel/{}", kernel.name).c_str(),
                                 [&kernel](benchmark::State& state) { run_igemm(state, kernel); });
  }
  for (const DepthwiseF32Kernel& kernel : kDepthwiseF32Kernels) {
    if (!isa_supported(kernel.isa)) continue;
    benchmark::RegisterBenchmark(
        fmt::format("kernel/{}", kernel.name).c_str(),
        [&kernel](benchmark::State& state) { run_depthwise(state, kernel); });
  }
}

void register_layers(Isa isa) {
  const auto add = [&](const std::string& name, auto run) {
    benchmark::RegisterBenchmark(fmt::format("{}/{}", isa_name(isa), name).c_str(), run);
  };
  for (const Layer& layer : kLayers) {
    add(layer.name,
        [&layer, isa](benchmark::State& state) { run_convolution(state, layer.shape, isa); });
  }
  constexpr std::array kUnary = {
      std::pair{"relu", UnaryOpF32::kIdentity}, std::pair{"sigmoid", UnaryOpF32::kSigmoid},
      std::pair{"tanh", UnaryOpF32::kTanh}, std::pair{"exp", UnaryOpF32::kExp}};
  for (const auto& [name, op] : kUnary) {
    add(name, [unary = op, isa](benchmark::State& state) { run_unary(state, unary, isa); });
  }
  add("add", [isa](benchmark::State& state) { run_binary(state, isa); });
  add("max_pool_3x3_s2_64_at_112", [isa](benchmark::State& state) { run_max_pool(state, isa); });
  add("global_average_pool_2048_at_7",
      [isa](benchmark::State& state) { run_global_average_pool(state, isa); });
  add("softmax_64x1000", [isa](benchmark::State& state) { run_softmax(state, isa); });
}

}  // namespace
}  // namespace lathe::kernels

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  lathe::kernels::register_kernels();
  for (const lathe::Isa isa : lathe::supported_isas()) {
    if (isa != lathe::Isa::kAvx512Vnni)
      lathe::kernels::register_layers(isa);  // floats gain nothing
  }
  benchmark::RegisterBenchmark("nchw_to_nhwc/3x224x224", lathe::kernels::run_to_nhwc, 3, 224 * 224);
  benchmark::RegisterBenchmark("nchw_to_nhwc/64x56x56", lathe::kernels::run_to_nhwc, 64, 56 * 56);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
