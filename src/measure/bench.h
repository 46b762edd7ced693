// Latency, throughput and memory of models.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "engine/backend.h"

namespace lathe::measure {

struct BenchOptions {
  std::string backend = "native";
  int threads = 1;
  std::int64_t batch = 1;
  double seconds = 2;  // of measuring, after a warm-up of a tenth of that
  std::int64_t min_runs = 20;
  std::int64_t max_runs = 100000;
  std::uint64_t seed = 0;  // of the input's random values
};

// Times in milliseconds of one run on one batch.
struct BenchResult {
  std::string model;
  std::string backend;
  int threads = 1;
  std::int64_t batch = 1;
  std::int64_t runs = 0;
  double min_ms = 0;
  double p50_ms = 0;
  double p90_ms = 0;
  double p99_ms = 0;
  double mean_ms = 0;
  double items_per_s = 0;  // batch / mean
  double load_ms = 0;      // reading the file and compiling it
  double first_ms = 0;     // the first run
  std::int64_t macs = 0;   // of one batch
  double gflops = 0;       // 2 * macs / p50: each multiply-accumulate is two operations
  std::int64_t arena_bytes = 0;
  std::int64_t weight_bytes = 0;
  std::int64_t size_bytes = 0;      // of the file
  std::int64_t peak_rss_bytes = 0;  // of a process that did this alone
};

nlohmann::json to_json(const BenchResult& result);

// Measures in a process of its own, so that memory is this model's alone. Errors begin with the
// path.
Result<BenchResult> bench(const Path& model, const BenchOptions& options);
// The same in this process, on a graph; load_ms is the time to compile, size and peak are 0.
Result<BenchResult> bench_graph(const ir::Graph& graph, const BenchOptions& options);

// Random values for a model's inputs: standard normal floats, integers from their whole 8-bit range
// or [0, 2).
Result<std::vector<ir::Tensor>> random_inputs(std::span<const engine::TensorInfo> infos,
                                              std::uint64_t seed);

// Per-step times of `runs` runs; their order is that of execution.
Result<std::vector<engine::StepProfile>> profile_graph(const ir::Graph& graph,
                                                       const BenchOptions& options,
                                                       std::int64_t runs);

// The value below which a share `quantile` of the values lies, interpolated; `values` not empty.
double quantile(std::vector<double> values, double quantile);

}  // namespace lathe::measure
