#include "report/bench_labels.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/words.h"

namespace lathe::report {
namespace {

template <typename T>
void add_once(std::vector<T>& values, const T& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

std::string file_name(const std::string& path) { return Path(path).filename().string(); }

void append(std::string& text, const std::string& part) {
  if (!text.empty() && !part.empty()) text += ", ";
  text += part;
}

}  // namespace

BenchLabels::BenchLabels(const measure::BenchReport& report) {
  for (const measure::BenchResult& result : report.results) {
    add_once(models_, result.model);
    add_once(backends_, result.backend);
    add_once(threads_, result.threads);
    add_once(batches_, result.batch);
    add_once(streams_, result.streams);
  }
  for (const measure::BenchFailure& failure : report.failures) {
    add_once(models_, failure.row.model.string());
    add_once(backends_, failure.row.backend);
  }
  // What others are compared with comes first, also where its own first row failed.
  for (const measure::BenchResult& result : report.results) {
    const auto first = std::find(backends_.begin(), backends_.end(), result.ratio_to);
    if (first == backends_.end()) continue;
    std::rotate(backends_.begin(), first, first + 1);
    break;
  }
}

std::string BenchLabels::model(const std::string& path) const {
  const std::string name = file_name(path);
  const auto same = std::count_if(models_.begin(), models_.end(), [&](const std::string& other) {
    return file_name(other) == name;
  });
  return same > 1 ? path : name;
}

std::string BenchLabels::common() const {
  std::string text;
  if (models_.size() == 1) append(text, model(models_[0]));
  if (backends_.size() == 1) append(text, backends_[0]);
  if (threads_.size() == 1) append(text, counted(threads_[0], "thread"));
  if (batches_.size() == 1) append(text, fmt::format("batch {}", batches_[0]));
  if (streams_.size() == 1 && streams_[0] > 1) append(text, counted(streams_[0], "stream"));
  return text;
}

std::string BenchLabels::concurrency(const measure::BenchResult& result) const {
  std::string text;
  if (threads_vary()) append(text, counted(result.threads, "thread"));
  if (streams_vary()) append(text, counted(result.streams, "stream"));
  return text;
}

std::string BenchLabels::setting(const measure::BenchResult& result) const {
  std::string text = concurrency(result);
  if (batches_vary()) append(text, fmt::format("batch {}", result.batch));
  return text;
}

std::string BenchLabels::row(const measure::BenchResult& result) const {
  std::string text;
  if (models_vary()) append(text, model(result.model));
  if (backends_vary()) append(text, result.backend);
  append(text, setting(result));
  return text.empty() ? model(result.model) : text;
}

TimeUnit latency_unit(std::span<const measure::BenchResult> results) {
  std::vector<double> values;
  for (const measure::BenchResult& r : results)
    values.insert(values.end(), {r.p50_ms, r.p90_ms, r.p95_ms, r.p99_ms, r.mean_ms});
  return time_unit(values);
}

std::string format_spread(const std::optional<measure::Ratio>& ratio) {
  if (!ratio) return {};
  int decimals = ratio->median >= 100 ? 0 : (ratio->median >= 10 ? 1 : 2);
  for (double scaled = ratio->median; scaled < 0.1 && decimals < 6; scaled *= 10) ++decimals;
  std::string median = fmt::format("{:.{}f}×", ratio->median, decimals);
  if (!ratio->spread) return median;
  return fmt::format("{} ({:.{}f}–{:.{}f})", median, ratio->spread->low, decimals,
                     ratio->spread->high, decimals);
}

}  // namespace lathe::report
