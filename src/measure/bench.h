// Latency, throughput and memory of models, side by side.
//
//   BenchMatrix matrix{.models = {"a.onnx", "b.onnx"}, .backends = {"native", "onnxruntime"}};
//   const BenchReport report = bench(make_rows(matrix), {.seconds = 1});
//
// Each row has a process of its own, so that its memory is its own and a crash is only its own. The
// rows of a group (group_rows) are loaded one after the other, warmed up, and then measured in
// turns (measure_in_rounds), each stopped while others run.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/statistics.h"
#include "measure/bench_rows.h"

namespace lathe::measure {

using lathe::Interval;
using lathe::Ratio;

// Times in milliseconds of one run on one batch.
struct BenchResult {
  std::string model = {};  // as it was named
  std::string backend = {};
  std::string backend_version = {};
  int threads = 1;             // that one run has, which may be fewer than were asked for
  std::int64_t batch = 1;      // of the compiled model: what was asked for, or what its file fixes
  int streams = 1;             // runs at a time
  std::string precision = {};  // "f32", "bf16", "f16"
  std::int64_t runs = 0;
  std::int64_t rounds = 0;
  bool stable = false;   // the rounds' medians agreed before the time was over
  bool finished = true;  // false where an interrupt came before that and before the time was over
  double min_ms = 0;
  double p50_ms = 0;
  double p90_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
  double mean_ms = 0;
  double stddev_ms = 0;
  double items_per_s = 0;  // batch * runs / time
  double load_ms = 0;      // reading the file and compiling it
  double first_ms = 0;     // the first run
  std::int64_t macs = 0;   // of one batch
  double gflops = 0;       // two operations per multiply-accumulate, at the rate of items_per_s
  std::int64_t arena_bytes = 0;
  std::int64_t weight_bytes = 0;
  std::int64_t size_bytes = 0;      // of the file, and of those of its external data
  std::int64_t peak_rss_bytes = 0;  // of the row's process, after warming up
  // measure::interpreter_share(); nothing where the backend cannot tell.
  std::optional<double> interpreter_share = {};
  std::vector<std::string> notes = {};  // what compiling decided: which provider, which backend
  // How many times as fast this is as the row it is compared with (find_baselines): of the median
  // latencies of paired rounds; with several streams of the rates.
  std::optional<Ratio> ratio = {};
  std::string ratio_to = {};  // that row's backend, or its model where all have one backend
};

struct BenchFailure {
  BenchRow row;
  Error reason;
};

struct BenchReport {
  std::vector<BenchResult> results = {};  // in the order of the rows
  std::vector<BenchFailure> failures = {};
  bool interrupted = false;               // before all rows were finished or had failed
  std::vector<BenchRow> unmeasured = {};  // rows that an interrupt left without any result
};

struct BenchProgress {
  double share = 0;       // of the time that all may take
  std::string what = {};  // "round 3: resnet18.onnx, native"
};

struct BenchOptions {
  // Of measuring for each row at most, after a warm-up of a tenth of that; slow models take as long
  // as their fewest rounds do.
  double seconds = 2;
  std::uint64_t seed = 0;  // of the inputs' random values
  GroupLimits limits = default_limits();
  // A row whose process takes longer than this for one answer has failed: for loading with the
  // first run, warming up, or a round.
  double answer_seconds = 600;
  std::string late_remedy = {};  // Patience::remedy
  std::function<void(const BenchProgress&)> on_progress = {};
  // Asked all along; true ends the measuring, with what was measured until then as the report.
  std::function<bool()> stop_requested = {};
};

// The caller must have no other threads running, and loads no backend's library by this. All
// processes are gone when it returns.
BenchReport bench(std::span<const BenchRow> rows, const BenchOptions& options);

// "ratio", "ratio_low", "ratio_high" and "ratio_to" are there where there is a ratio, with a
// spread.
nlohmann::json to_json(const BenchResult& result);
nlohmann::json to_json(const BenchRow& row);  // as it was asked for
nlohmann::json to_json(const BenchFailure& failure);

// Of one model, backend, number of threads and of streams: the batch of the highest items_per_s
// whose p99 keeps within `bound_ms`.
struct BestBatch {
  std::string model = {};
  std::string backend = {};
  int threads = 1;
  int streams = 1;
  double bound_ms = 0;
  const BenchResult* best = nullptr;  // of the results; null where no batch keeps within
};
std::vector<BestBatch> best_batches(std::span<const BenchResult> results, double bound_ms);
nlohmann::json to_json(const BestBatch& best);

}  // namespace lathe::measure
