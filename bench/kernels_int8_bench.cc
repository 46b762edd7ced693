// The 8-bit kernels, one thread, on the layers of small networks and some of ResNet-50 and
// MobileNetV2. Counters: GMAC/s, and how many times faster than the float32 kernel of the same
// layer and instruction set, which is measured right before.
//
//   kernels_int8_bench --benchmark_filter=avx512vnni --benchmark_repetitions=5
#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "kernels/aligned_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

AlignedBuffer<std::uint8_t> random_bytes(std::size_t size) {
  Random random(size);
  AlignedBuffer<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes.span()) byte = static_cast<std::uint8_t>(random.below(256));
  return bytes;
}

AlignedBuffer<float> random_floats(std::size_t size) {
  Random random(size);
  AlignedBuffer<float> values(size);
  for (float& value : values.span()) value = random.uniform(-1, 1);
  return values;
}

// Seconds of one call: the least of batches that take 2 ms each, over 40 ms.
template <typename Body>
double seconds_of(const Body& body) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const auto start = Clock::now();
  double best = 1e9;
  do {
    const auto batch = Clock::now();
    int calls = 0;
    do {
      body();
      ++calls;
    } while (since(batch) < 0.002);
    best = std::min(best, since(batch) / calls);
  } while (since(start) < 0.04);
  return best;
}

void count(benchmark::State& state, double macs, double f32_seconds) {
  state.counters["GMAC/s"] =
      benchmark::Counter(macs * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["times_f32"] =
      benchmark::Counter(f32_seconds, benchmark::Counter::kIsIterationInvariantRate);
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
    {"3x3_1_32_at_28", square(28, 1, 32, 3, 1)},
    {"3x3_3_32_at_32", square(32, 3, 32, 3, 1)},
    {"3x3_16_16_at_32", square(32, 16, 16, 3, 1)},
    {"3x3_64_64_at_8", square(8, 64, 64, 3, 1)},
    {"depthwise_32_at_14", depthwise(14, 32, 1)},
    {"1x1_32_64_at_14", square(14, 32, 64, 1, 1)},
    {"1x1_32_64_at_28", square(28, 32, 64, 1, 1)},
    {"depthwise_64_at_7", depthwise(7, 64, 1)},
    {"1x1_64_128_at_7", square(7, 64, 128, 1, 1)},
    {"depthwise_128_at_3", depthwise(3, 128, 1)},
    {"1x1_128_256_at_3", square(3, 128, 256, 1, 1)},
    {"1x1_256_256_at_3", square(3, 256, 256, 1, 1)},
    {"dense_256_10", dense(1, 256, 10)},
    {"dense_784_300", dense(1, 784, 300)},
    {"depthwise_s2_16_at_32", depthwise(32, 16, 2)},
    {"depthwise_s2_96_at_112", depthwise(112, 96, 2)},
    {"depthwise_144_at_56", depthwise(56, 144, 1)},
    {"7x7_s2_3_64_at_224", square(224, 3, 64, 7, 2)},
    {"1x1_64_256_at_56", square(56, 64, 256, 1, 1)},
    {"3x3_128_128_at_28", square(28, 128, 128, 3, 1)},
    {"1x1_1024_256_at_14", square(14, 1024, 256, 1, 1)},
    {"3x3_512_512_at_7", square(7, 512, 512, 3, 1)},
    {"dense_2048_1000", dense(1, 2048, 1000)},
};

double f32_convolution_seconds(const ConvolutionShape& shape, Isa isa, ThreadPool& pool) {
  const auto in =
      random_floats(static_cast<std::size_t>(shape.batch * shape.in_h * shape.in_w * shape.in_c));
  const auto weights =
      random_floats(static_cast<std::size_t>(shape.out_c * shape.group_in_c() * shape.taps()));
  AlignedBuffer<float> out(static_cast<std::size_t>(shape.out_pixels() * shape.out_c));
  Runner layer(ConvolutionF32Problem{shape, {.min = 0}}, WeightsF32{weights.span(), {}}, isa);
  return seconds_of([&] { layer.run({in.data()}, out.data(), pool); });
}

void run_convolution(benchmark::State& state, const ConvolutionShape& shape, bool is_signed,
                     Isa isa) {
  const auto in =
      random_bytes(static_cast<std::size_t>(shape.batch * shape.in_h * shape.in_w * shape.in_c));
  const auto bytes =
      random_bytes(static_cast<std::size_t>(shape.out_c * shape.group_in_c() * shape.taps()));
  const std::vector<std::int8_t> weights(bytes.span().begin(), bytes.span().end());
  const auto out_c = static_cast<std::size_t>(shape.out_c);
  const std::vector<float> multipliers(out_c, 0.001F);
  const QuantizedActivation output{is_signed, 0};
  Runner layer(
      ConvolutionInt8Problem{
          shape, {is_signed, 0}, false, output, output.lowest(), output.highest()},
      WeightsInt8{weights, {}, multipliers}, isa);
  ThreadPool pool(1);
  AlignedBuffer<std::uint8_t> out(static_cast<std::size_t>(shape.out_pixels()) * out_c);
  const double f32_seconds = f32_convolution_seconds(shape, isa, pool);
  for (auto _ : state) {
    layer.run({in.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  state.SetLabel(std::string(layer.kernel().name));
  count(state, static_cast<double>(shape.macs()), f32_seconds);
}

constexpr std::int64_t kElements = 28 * 28 * 32;

void run_add(benchmark::State& state, Isa isa) {
  BinaryInt8Problem p;
  p.extents = {kElements};
  p.a_multiplier = p.b_multiplier = 0.5F;
  Runner add(p, isa);
  Runner add_f32(BinaryF32Problem{BinaryOpF32::kAdd, OperandF32::kSame, {.min = 0}, 1, kElements},
                 isa);
  const auto a = random_bytes(kElements);
  const auto b = random_bytes(kElements);
  AlignedBuffer<std::uint8_t> out(kElements);
  const auto fa = random_floats(kElements);
  const auto fb = random_floats(kElements);
  AlignedBuffer<float> f32_out(kElements);
  ThreadPool pool(1);
  const double f32_seconds = seconds_of([&] {
    add_f32.run({fa.data(), fb.data()}, f32_out.data(), pool);
  });
  for (auto _ : state) {
    add.run({a.data(), b.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  count(state, static_cast<double>(kElements), f32_seconds);
}

void run_pool(benchmark::State& state, bool average, bool global, Isa isa) {
  PoolingShape s{.in_h = 28, .in_w = 28, .channels = 32, .out_h = 14, .out_w = 14};
  s.kernel_h = s.kernel_w = s.stride_h = s.stride_w = 2;
  if (global) s = PoolingShape::global(1, 7, 7, 512);
  const auto size = static_cast<std::size_t>(s.in_h * s.in_w * s.channels);
  const auto in = random_bytes(size);
  AlignedBuffer<std::uint8_t> out(size);
  const auto f32_in = random_floats(size);
  AlignedBuffer<float> f32_out(size);
  ThreadPool pool(1);
  const PoolingKind kind = average ? PoolingKind::kMean : PoolingKind::kMax;
  Runner pool_int8(PoolingInt8Problem{kind, s, {}, {}}, isa);
  Runner pool_f32(PoolingF32Problem{kind, s}, isa);
  const double f32_seconds =
      seconds_of([&] { pool_f32.run({f32_in.data()}, f32_out.data(), pool); });
  for (auto _ : state) {
    pool_int8.run({in.data()}, out.data(), pool);
    benchmark::ClobberMemory();
  }
  count(state, static_cast<double>(size), f32_seconds);
}

void run_quantize(benchmark::State& state, bool back, Isa isa) {
  const auto floats = random_floats(kElements);
  AlignedBuffer<float> f32_out(kElements);
  AlignedBuffer<std::uint8_t> bytes(kElements);
  ThreadPool pool(1);
  Runner quantize(QuantizeLinearProblem{0.01F, {}, kElements}, isa);
  Runner dequantize(DequantizeLinearProblem{0.01F, {}, kElements}, isa);
  for (auto _ : state) {
    back ? dequantize.run({bytes.data()}, f32_out.data(), pool)
         : quantize.run({floats.data()}, bytes.data(), pool);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kElements);
}

void register_all() {
  for (const Isa isa : supported_isas()) {
    const auto add = [&](const std::string& name, auto body) {
      benchmark::RegisterBenchmark(fmt::format("{}/{}", name, isa_name(isa)).c_str(), body);
    };
    for (const Layer& layer : kLayers) {
      for (const bool is_signed : {false, true}) {
        add(fmt::format("{}/{}", layer.name, is_signed ? "int8" : "uint8"),
            [=](benchmark::State& state) { run_convolution(state, layer.shape, is_signed, isa); });
      }
    }
    add("add", [=](benchmark::State& state) { run_add(state, isa); });
    add("max_pool_2x2", [=](benchmark::State& state) { run_pool(state, false, false, isa); });
    add("average_pool_2x2", [=](benchmark::State& state) { run_pool(state, true, false, isa); });
    add("global_average", [=](benchmark::State& state) { run_pool(state, true, true, isa); });
    add("quantize", [=](benchmark::State& state) { run_quantize(state, false, isa); });
    add("dequantize", [=](benchmark::State& state) { run_quantize(state, true, isa); });
  }
}

}  // namespace
}  // namespace lathe::kernels

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  lathe::kernels::register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
