// What is told of a bench once it is measured: JSON, and the best batches.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "measure/bench.h"

namespace lathe::measure {

nlohmann::json to_json(const BenchResult& result) {
  nlohmann::json json{{"model", result.model},
                      {"backend", result.backend},
                      {"backend_version", result.backend_version},
                      {"threads", result.threads},
                      {"batch", result.batch},
                      {"streams", result.streams},
                      {"precision", result.precision},
                      {"runs", result.runs},
                      {"rounds", result.rounds},
                      {"stable", result.stable},
                      {"finished", result.finished},
                      {"min_ms", result.min_ms},
                      {"p50_ms", result.p50_ms},
                      {"p90_ms", result.p90_ms},
                      {"p95_ms", result.p95_ms},
                      {"p99_ms", result.p99_ms},
                      {"mean_ms", result.mean_ms},
                      {"stddev_ms", result.stddev_ms},
                      {"items_per_s", result.items_per_s},
                      {"load_ms", result.load_ms},
                      {"first_ms", result.first_ms},
                      {"macs", result.macs},
                      {"gflops", result.gflops},
                      {"arena_bytes", result.arena_bytes},
                      {"weight_bytes", result.weight_bytes},
                      {"size_bytes", result.size_bytes},
                      {"peak_rss_bytes", result.peak_rss_bytes},
                      {"interpreter_share", nullptr},
                      {"notes", result.notes}};
  if (result.interpreter_share) json["interpreter_share"] = *result.interpreter_share;
  if (result.ratio) {
    json["ratio"] = result.ratio->median;
    if (result.ratio->spread) {
      json["ratio_low"] = result.ratio->spread->low;
      json["ratio_high"] = result.ratio->spread->high;
    }
    json["ratio_to"] = result.ratio_to;
  }
  return json;
}

nlohmann::json to_json(const BenchRow& row) {
  return {{"model", row.model.string()},
          {"backend", row.backend},
          {"threads", row.options.threads},
          {"batch", row.options.batch},
          {"streams", row.options.streams}};
}

nlohmann::json to_json(const BenchFailure& failure) {
  nlohmann::json json = to_json(failure.row);
  json["error"] = failure.reason.message();
  return json;
}

std::vector<BestBatch> best_batches(std::span<const BenchResult> results, double bound_ms) {
  std::vector<BestBatch> all;
  for (const BenchResult& result : results) {
    auto found = std::find_if(all.begin(), all.end(), [&](const BestBatch& other) {
      return other.model == result.model && other.backend == result.backend &&
             other.threads == result.threads && other.streams == result.streams;
    });
    if (found == all.end()) {
      found = all.insert(all.end(), {.model = result.model,
                                     .backend = result.backend,
                                     .threads = result.threads,
                                     .streams = result.streams,
                                     .bound_ms = bound_ms});
    }
    if (result.p99_ms > bound_ms) continue;
    if (found->best == nullptr || result.items_per_s > found->best->items_per_s)
      found->best = &result;
  }
  return all;
}

nlohmann::json to_json(const BestBatch& best) {
  nlohmann::json json{
      {"model", best.model},     {"backend", best.backend},           {"threads", best.threads},
      {"streams", best.streams}, {"latency_bound_ms", best.bound_ms}, {"batch", nullptr}};
  if (best.best != nullptr) {
    json["batch"] = best.best->batch;
    json["items_per_s"] = best.best->items_per_s;
    json["p99_ms"] = best.best->p99_ms;
  }
  return json;
}

}  // namespace lathe::measure
