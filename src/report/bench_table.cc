#include "report/bench_table.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/words.h"
#include "report/bench_labels.h"
#include "report/csv.h"
#include "report/fitting_table.h"
#include "report/format.h"
#include "report/text_table.h"
#include "report/utf8.h"

namespace lathe::report {
namespace {

using measure::BenchReport;
using measure::BenchResult;

// The cells that a model's name keeps while there are columns to leave out.
constexpr int kNameWidth = 28;

TimeUnit unit_of(const BenchReport& report, double BenchResult::*time) {
  std::vector<double> values;
  for (const BenchResult& result : report.results) values.push_back(result.*time);
  return time_unit(values);
}

std::vector<FittingColumn> columns_for(const BenchLabels& labels, const BenchReport& report) {
  std::vector<FittingColumn> columns;
  const auto add_column = [&](Column column, auto cell, int importance = 0) {
    FittingColumn& added = columns.emplace_back(FittingColumn{std::move(column), {}, importance});
    for (const BenchResult& result : report.results) added.cells.push_back(cell(result));
  };
  const auto add = [&](std::string title, auto cell, int importance = 0) {
    add_column({std::move(title), Align::kRight}, cell, importance);
  };
  if (labels.models_vary() || !labels.backends_vary()) {
    add_column({"model", Align::kLeft, kNameWidth, Ellipsis::kMiddle},
               [&labels](const BenchResult& r) { return labels.model(r.model); });
  }
  if (labels.backends_vary())
    add_column({"backend"}, [](const BenchResult& r) { return r.backend; });
  if (labels.threads_vary())
    add("threads", [](const BenchResult& r) { return std::to_string(r.threads); });
  if (labels.streams_vary())
    add("streams", [](const BenchResult& r) { return std::to_string(r.streams); });
  if (labels.batches_vary())
    add("batch", [](const BenchResult& r) { return std::to_string(r.batch); });

  const TimeUnit unit = latency_unit(report.results);
  const auto add_time = [&](const std::string& title, double BenchResult::*time, int importance) {
    add(
        title, [unit, time](const BenchResult& r) { return format_time(r.*time, unit); },
        importance);
  };
  add(fmt::format("p50 {}", unit.name),
      [unit](const BenchResult& r) { return (r.stable ? "" : "~") + format_time(r.p50_ms, unit); });
  add_time("p90", &BenchResult::p90_ms, 3);
  add_time("p95", &BenchResult::p95_ms, 2);
  add_time("p99", &BenchResult::p99_ms, 8);
  add(
      "mean ± sd",
      [unit](const BenchResult& r) {
        return fmt::format("{} ± {}", format_time(r.mean_ms, unit),
                           format_time(r.stddev_ms, unit, 2));
      },
      5);
  add(
      "items/s", [](const BenchResult& r) { return format_rate(r.items_per_s); }, 7);
  if (std::any_of(report.results.begin(), report.results.end(),
                  [](const BenchResult& r) { return r.ratio.has_value(); })) {
    add("as fast", [](const BenchResult& r) { return format_spread(r.ratio); });
  }
  const auto add_own_unit = [&](const char* title, double BenchResult::*time, int importance) {
    const TimeUnit own = unit_of(report, time);
    add(
        fmt::format("{} {}", title, own.name),
        [own, time](const BenchResult& r) { return format_time(r.*time, own); }, importance);
  };
  add_own_unit("load", &BenchResult::load_ms, 4);
  add_own_unit("first", &BenchResult::first_ms, 1);
  add(
      "RSS MB",
      [](const BenchResult& r) { return format_rate(static_cast<double>(r.peak_rss_bytes) / 1e6); },
      6);
  return columns;
}

std::string legend(const BenchLabels& labels, const measure::BenchReport& report) {
  std::string text;
  for (const BenchResult& result : report.results) {
    if (!result.ratio) continue;
    text += fmt::format("As fast: how many times as fast as {}; {}.\n",
                        labels.backends_vary() ? result.ratio_to : labels.model(result.ratio_to),
                        "the median of paired rounds, and between which 80 % of them lie");
    break;
  }
  if (std::any_of(report.results.begin(), report.results.end(),
                  [](const BenchResult& r) { return !r.stable; })) {
    text +=
        "~: the median had not settled within 1 % when the time was over; --seconds gives more.\n";
  }
  return text;
}

// What compiling decided, each line once for a model and backend.
std::string notes(const BenchLabels& labels, const measure::BenchReport& report) {
  std::vector<std::string> lines;
  for (const BenchResult& result : report.results) {
    for (const std::string& note : result.notes) {
      std::string line =
          fmt::format("{}, {}: {}\n", labels.model(result.model), result.backend, note);
      if (std::find(lines.begin(), lines.end(), line) == lines.end())
        lines.push_back(std::move(line));
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

std::string best_lines(const BenchLabels& labels, std::span<const measure::BestBatch> all) {
  std::string text;
  for (const measure::BestBatch& row : all) {
    std::string name = fmt::format("{}, {}", labels.model(row.model), row.backend);
    if (labels.threads_vary()) name += fmt::format(", {}", counted(row.threads, "thread"));
    if (labels.streams_vary()) name += fmt::format(", {}", counted(row.streams, "stream"));
    if (row.best == nullptr) {
      text += fmt::format("{}: no batch keeps p99 within {}\n", name, format_ms(row.bound_ms));
    } else {
      const TimeUnit unit = time_unit(std::array{row.bound_ms, row.best->p99_ms});
      text += fmt::format("{}: batch {} is best within {}: {} items/s, p99 {}\n", name,
                          row.best->batch, format_ms(row.bound_ms, unit),
                          format_rate(row.best->items_per_s), format_ms(row.best->p99_ms, unit));
    }
  }
  return text;
}

std::string csv_cell(const nlohmann::json& value) {
  std::string text;
  if (value.is_string()) {
    text = value.get<std::string>();
  } else if (value.is_array()) {
    for (const auto& item : value) text += (text.empty() ? "" : "; ") + item.get<std::string>();
  } else if (!value.is_null()) {
    text = json_text(value);
  }
  return csv_field(text);
}

}  // namespace

std::string bench_text(const measure::BenchReport& report,
                       std::span<const measure::BestBatch> best_batches, bool bold_header,
                       int width) {
  const BenchLabels labels(report);
  std::string text;
  const auto add_part = [&](const std::string& part) {
    if (part.empty()) return;
    if (!text.empty()) text += '\n';
    text += part;
  };
  const auto add_prose = [&](const std::string& part) { add_part(wrap_lines(part, width, 2)); };
  if (!report.results.empty()) {
    if (const std::string common = labels.common(); !common.empty())
      add_prose(fmt::format("All rows: {}.\n", common));
    add_part(
        fitting_table(columns_for(labels, report), "--csv and --json have", bold_header, width) +
        wrap_lines(legend(labels, report), width, 2));
  }
  add_prose(notes(labels, report));
  add_prose(best_lines(labels, best_batches));
  std::string failures;
  for (const measure::BenchFailure& failure : report.failures) {
    failures +=
        fmt::format("failed: {}: {}\n", measure::describe(failure.row), failure.reason.message());
  }
  add_prose(failures);
  return text;
}

std::string bench_csv(const measure::BenchReport& report) {
  static constexpr const char* kKeys[] = {"model",
                                          "backend",
                                          "backend_version",
                                          "threads",
                                          "batch",
                                          "streams",
                                          "precision",
                                          "runs",
                                          "rounds",
                                          "stable",
                                          "min_ms",
                                          "p50_ms",
                                          "p90_ms",
                                          "p95_ms",
                                          "p99_ms",
                                          "mean_ms",
                                          "stddev_ms",
                                          "items_per_s",
                                          "load_ms",
                                          "first_ms",
                                          "macs",
                                          "gflops",
                                          "arena_bytes",
                                          "weight_bytes",
                                          "size_bytes",
                                          "peak_rss_bytes",
                                          "ratio",
                                          "ratio_low",
                                          "ratio_high",
                                          "ratio_to",
                                          "interpreter_share",
                                          "notes",
                                          "error"};
  std::string text;
  for (const char* key : kKeys) text += (text.empty() ? "" : ",") + std::string(key);
  text += "\r\n";
  const auto add = [&](const nlohmann::json& row) {
    std::string line;
    for (const char* key : kKeys) {
      if (key != kKeys[0]) line += ',';
      if (row.contains(key)) line += csv_cell(row[key]);
    }
    text += line + "\r\n";
  };
  for (const BenchResult& result : report.results) add(to_json(result));
  for (const measure::BenchFailure& failure : report.failures) add(to_json(failure));
  return text;
}

}  // namespace lathe::report
