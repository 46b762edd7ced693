// How the rows of a bench are named: by what differs between them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/bench.h"
#include "report/format.h"

namespace lathe::report {

class BenchLabels {
 public:
  explicit BenchLabels(const measure::BenchReport& report);

  // A model's file name, or its path where another model has the same name.
  [[nodiscard]] std::string model(const std::string& path) const;

  // Whether rows differ in it.
  [[nodiscard]] bool models_vary() const { return models_.size() > 1; }
  [[nodiscard]] bool backends_vary() const { return backends_.size() > 1; }
  [[nodiscard]] bool threads_vary() const { return threads_.size() > 1; }
  [[nodiscard]] bool batches_vary() const { return batches_.size() > 1; }
  [[nodiscard]] bool streams_vary() const { return streams_.size() > 1; }

  // What all rows share: "cnn.onnx, native, 1 thread, batch 1".
  [[nodiscard]] std::string common() const;
  // What tells a row of the same model, backend and batch from others: "2 threads, 4 streams"; may
  // be empty.
  [[nodiscard]] std::string concurrency(const measure::BenchResult& result) const;
  // What tells a row of the same model and backend from others: that, and "batch 8".
  [[nodiscard]] std::string setting(const measure::BenchResult& result) const;
  // All that tells a row from others; a name where nothing does.
  [[nodiscard]] std::string row(const measure::BenchResult& result) const;

  // Each once, in the order of the rows; those of failed rows too, and the backend that others are
  // compared with first.
  [[nodiscard]] const std::vector<std::string>& models() const { return models_; }
  [[nodiscard]] const std::vector<std::string>& backends() const { return backends_; }

 private:
  std::vector<std::string> models_;
  std::vector<std::string> backends_;
  std::vector<int> threads_;
  std::vector<std::int64_t> batches_;
  std::vector<int> streams_;
};

// The unit that the latencies of all rows share, from the median to the 99th percentile.
TimeUnit latency_unit(std::span<const measure::BenchResult> results);
// "1.23× (1.21–1.25)", with as many decimals as the spread is worth; empty without a ratio.
std::string format_spread(const std::optional<measure::Ratio>& ratio);

}  // namespace lathe::report
