// Results of a bench with everything in them, for tests.
#pragma once

#include "report/bench_page.h"

namespace lathe::report {

inline measure::BenchResult test_row(const std::string& model, const std::string& backend,
                                     double p50_ms, std::int64_t batch = 1) {
  measure::BenchResult row{.model = model, .backend = backend, .batch = batch};
  row.backend_version = "1.2";
  row.precision = "f32";
  row.runs = 1200;
  row.rounds = 12;
  row.stable = true;
  row.min_ms = p50_ms * 0.97;
  row.p50_ms = p50_ms;
  row.p90_ms = p50_ms * 1.04;
  row.p95_ms = p50_ms * 1.07;
  row.p99_ms = p50_ms * 1.21;
  row.mean_ms = p50_ms * 1.02;
  row.stddev_ms = p50_ms * 0.03;
  row.items_per_s = 1000 / row.mean_ms * static_cast<double>(batch);
  row.load_ms = 12.5;
  row.first_ms = p50_ms * 3;
  row.gflops = 41.2;
  row.peak_rss_bytes = 48'000'000;
  return row;
}

inline measure::Ratio test_ratio(double median) {
  return {median, measure::Interval{median * 0.98, median * 1.03}};
}

// Four models by three backends.
inline BenchPage test_bench_page() {
  BenchPage page;
  page.title = "lathe bench";
  page.system = {{"Processor", "AMD EPYC 9B45"}, {"Instruction set", "avx512vnni"}};
  page.command = "lathe bench models/cnn.onnx --backend native,onnxruntime,openvino";
  page.generated_at = "2026-11-21 10:14";
  const struct {
    const char* model;
    double ms[3];
  } rows[] = {{"models/cnn.onnx", {0.0262, 0.0348, 0.0411}},
              {"models/mobilenet_v2.onnx", {5.31, 4.92, 4.67}},
              {"models/resnet18.onnx", {18.4, 19.9, 17.2}},
              {"models/resnet50.onnx", {41.3, 43.5, 40.1}}};
  const char* backends[] = {"native", "onnxruntime", "openvino"};
  for (const auto& row : rows) {
    for (int i = 0; i < 3; ++i) {
      measure::BenchResult result = test_row(row.model, backends[i], row.ms[i]);
      if (i > 0) {
        result.ratio = test_ratio(row.ms[0] / row.ms[i]);
        result.ratio_to = "native";
      }
      page.report.results.push_back(std::move(result));
    }
  }
  page.report.results[4].stable = false;
  page.report.results[1].notes = {"computed by the provider cpu"};
  return page;
}

// One model by two backends over five batches, with a bound of 5 ms.
inline BenchPage test_batch_page() {
  BenchPage page;
  page.title = "lathe bench";
  for (const char* backend : {"native", "openvino"}) {
    const double slower = backend[0] == 'n' ? 1 : 1.2;
    for (const int batch : {1, 2, 4, 8, 16}) {
      measure::BenchResult result =
          test_row("resnet8.onnx", backend, slower * (0.3 + 0.7 * batch), batch);
      if (slower > 1) {
        result.ratio = test_ratio(1 / slower);
        result.ratio_to = "native";
      }
      page.report.results.push_back(std::move(result));
    }
  }
  page.best_batches = measure::best_batches(page.report.results, 5);
  return page;
}

inline measure::BenchFailure test_failure(const std::string& model, const std::string& reason) {
  measure::BenchRow row{.model = model, .backend = "openvino"};
  row.options.threads = row.options.streams = 1;
  return {row, Error(ErrorCode::kUnavailable, reason)};
}

}  // namespace lathe::report
