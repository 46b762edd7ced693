// A report with everything in it, for tests: a small network on clothes, float and int8.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/encode_image.h"
#include "data/image.h"
#include "report/html_report.h"

namespace lathe::report {

// A gray 28 x 28 image that differs with `variant`.
inline std::string test_png(int variant) {
  data::Image image = data::make_image(28, 28, 1);
  for (int y = 0; y < 28; ++y) {
    for (int x = 0; x < 28; ++x) {
      const double distance = std::hypot(x - 13.5, (y - 13.5) * (1 + variant % 3 * 0.4));
      const bool inside = distance < 10 - variant % 2 * 2;
      image.pixels[static_cast<std::size_t>(y) * 28 + static_cast<std::size_t>(x)] =
          static_cast<std::uint8_t>(inside ? 90 + (x * (5 + variant) + y * 7) % 160 : 0);
    }
  }
  auto png = data::encode_png(image);
  LATHE_CHECK(png.ok());
  return *png;
}

// What a model answers to 10 000 samples, and another one (`after`) that has `gained` more of them
// right and `lost` wrong.
inline std::vector<std::int32_t> test_ranks(int gained, int lost, bool after) {
  std::vector<std::int32_t> ranks(10000, 0);
  std::fill_n(ranks.begin(), 813, 1);
  const auto changed = ranks.begin() + 813 - gained;
  std::fill(changed, changed + gained, after ? 0 : 1);
  std::fill(changed + gained, changed + gained + lost, after ? 1 : 0);
  return ranks;
}

inline Report test_report() {
  Report report;
  report.title = "cnn on Fashion-MNIST";
  report.summary =
      "A convolutional network with 48 thousand parameters, trained on 60 000 images of clothes "
      "for "
      "12 epochs and quantized to 8-bit integers with 512 of them.";
  report.generated_at = "2026-11-21 10:14";
  report.system = {{"Processor", "AMD EPYC 9B45, 2 of 192 cores"},
                   {"Instructions", "avx512vnni (avx2, avx512, avx512vnni supported)"},
                   {"Memory", "7.8 GB"},
                   {"System", "Linux 6.1, Debian 12"},
                   {"Threads", "1 per inference"}};
  report.comparison.variants = {{.name = "float32",
                                 .model = "demo/cnn.onnx",
                                 .top1 = 0.9187,
                                 .top5 = 0.9989,
                                 .samples = 10000,
                                 .ranks = test_ranks(19, 31, false),
                                 .size_bytes = 198432,
                                 .parameters = 48938,
                                 .batch_normalizations = 9,
                                 .macs = 8'412'000,
                                 .arena_bytes = 401408,
                                 .p50_ms = 0.412,
                                 .p90_ms = 0.431,
                                 .p99_ms = 0.502,
                                 .mean_ms = 0.416,
                                 .items_per_s = 2403},
                                {.name = "int8",
                                 .model = "demo/cnn-int8.onnx",
                                 .top1 = 0.9175,
                                 .top5 = 0.9988,
                                 .samples = 10000,
                                 .ranks = test_ranks(19, 31, true),
                                 .size_bytes = 55120,
                                 .parameters = 48234,
                                 .batch_normalizations = 0,
                                 .macs = 8'412'000,
                                 .arena_bytes = 100352,
                                 .p50_ms = 0.193,
                                 .p90_ms = 0.204,
                                 .p99_ms = 0.241,
                                 .mean_ms = 0.195,
                                 .items_per_s = 5128}};
  History history;
  for (int i = 1; i <= 12; ++i) {
    const double t = i / 12.0;
    history.epochs.push_back(
        {.epoch = i,
         .train_loss = 0.28 + 0.9 * std::exp(-i * 0.55),
         .train_top1 = 0.925 - 0.25 * std::exp(-i * 0.5),
         .validation_loss = 0.24 + 0.5 * std::exp(-i * 0.45) + 0.02 * std::sin(i * 2.1) * (1 - t),
         .validation_top1 = 0.92 - 0.16 * std::exp(-i * 0.4) + 0.01 * std::sin(i * 2.3) * (1 - t),
         .learning_rate = 0.2 * (i < 4 ? i / 4.0 : (1 + std::cos((i - 4) / 8.0 * 3.14159)) / 2)});
  }
  report.history = history;
  const struct {
    const char* name;
    const char* type;
    double macs, float_ms, int8_ms;
  } layers[] = {{"conv1", "Conv", 225792, 0.031, 0.019},
                {"pool1", "MaxPool", 0, 0.006, 0.003},
                {"block1/depthwise", "Conv", 56448, 0.014, 0.009},
                {"block1/pointwise", "Conv", 401408, 0.029, 0.011},
                {"block2/depthwise", "Conv", 112896, 0.024, 0.017},
                {"block2/pointwise", "Conv", 1605632, 0.091, 0.031},
                {"pool2", "MaxPool", 0, 0.007, 0.002},
                {"block3/depthwise", "Conv", 56448, 0.013, 0.014},
                {"block3/pointwise", "Conv", 1605632, 0.085, 0.029},
                {"block4/depthwise", "Conv", 112896, 0.021, 0.013},
                {"block4/pointwise", "Conv", 4194304, 0.098, 0.033},
                {"global_pool", "GlobalAveragePool", 0, 0.004, 0.002},
                {"classifier", "Gemm", 2560, 0.0011, 0.0009},
                {"softmax", "Softmax", 0, 0.0008, kUnknown},
                {"quantize_input", "QuantizeLinear", 0, kUnknown, 0.0012}};
  for (const auto& layer : layers) {
    report.comparison.layers.push_back({.name = layer.name,
                                        .op_type = layer.type,
                                        .macs = layer.macs,
                                        .variants = {{layer.float_ms, "igemm_f32_avx512"},
                                                     {layer.int8_ms, "igemm_int8_avx512vnni"}}});
  }
  const char* labels[] = {"T-shirt/top", "Trouser", "Pullover", "Dress",      "Coat",
                          "Sandal",      "Shirt",   "Sneaker",  "Ankle boot", "Bag"};
  for (int i = 0; i < 16; ++i) {
    const char* truth = labels[i % 10];
    report.comparison.examples.push_back(
        {.png = test_png(i),
         .truth = truth,
         .predicted = {i == 6 ? "T-shirt/top" : truth, i == 6 || i == 12 ? "Coat" : truth},
         .confidence = 0.99 - 0.03 * i});
  }
  report.commands = {
      "lathe train --arch cnn --data fashion-mnist --epochs 12 --seed 1 -o demo/cnn.onnx",
      "lathe quantize demo/cnn.onnx --data fashion-mnist --samples 512 -o demo/cnn-int8.onnx",
      "lathe eval demo/cnn-int8.onnx --data fashion-mnist --split test"};
  return report;
}

}  // namespace lathe::report
