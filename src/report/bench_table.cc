#include "report/bench_table.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <nlohmann/json.hpp>

#include "report/bench_labels.h"
#include "report/format.h"
#include "report/text_table.h"
#include "report/utf8.h"

namespace lathe::report {
namespace {

using measure::BenchResult;

constexpr int kTableWidth = 140;

// At least three significant digits, nothing beyond the unit: 0.0262, 1.23, 1234.
std::string digits(double value) {
  if (!std::isfinite(value)) return std::string(kNoValue);
  if (value <= 0) return "0";
  const int magnitude = static_cast<int>(std::floor(std::log10(value)));
  return fmt::format("{:.{}f}", value, std::clamp(2 - magnitude, 0, 5));
}

struct ColumnOfResults {
  Column column;
  std::function<std::string(const BenchResult&)> cell;
  int importance = 0;  // those with the lowest are left out first; 0 never
};

std::vector<ColumnOfResults> columns_for(const BenchLabels& labels,
                                         const measure::BenchReport& report) {
  std::vector<ColumnOfResults> columns;
  const auto add = [&](const char* title, auto cell, int importance = 0) {
    columns.push_back({{title, Align::kRight}, cell, importance});
  };
  if (labels.models_vary() || !labels.backends_vary()) {
    columns.push_back({{"model", Align::kLeft}, [&labels](const BenchResult& r) {
                         return shorten(labels.model(r.model), 28, Ellipsis::kMiddle);
                       }});
  }
  if (labels.backends_vary())
    columns.push_back({{"backend"}, [](const BenchResult& r) { return r.backend; }});
  if (labels.threads_vary())
    add("threads", [](const BenchResult& r) { return std::to_string(r.threads); });
  if (labels.streams_vary())
    add("streams", [](const BenchResult& r) { return std::to_string(r.streams); });
  if (labels.batches_vary())
    add("batch", [](const BenchResult& r) { return std::to_string(r.batch); });
  add("p50 ms", [](const BenchResult& r) { return (r.stable ? "" : "~") + digits(r.p50_ms); });
  add(
      "p90", [](const BenchResult& r) { return digits(r.p90_ms); }, 3);
  add(
      "p95", [](const BenchResult& r) { return digits(r.p95_ms); }, 2);
  add("p99", [](const BenchResult& r) { return digits(r.p99_ms); });
  add(
      "mean ± sd",
      [](const BenchResult& r) {
        return fmt::format("{} ± {}", digits(r.mean_ms), digits(r.stddev_ms));
      },
      5);
  add("items/s", [](const BenchResult& r) { return format_rate(r.items_per_s); });
  if (std::any_of(report.results.begin(), report.results.end(),
                  [](const BenchResult& r) { return r.ratio.has_value(); })) {
    columns.push_back({{"as fast"}, [](const BenchResult& r) { return format_spread(r.ratio); }});
  }
  add(
      "load ms", [](const BenchResult& r) { return digits(r.load_ms); }, 4);
  add(
      "first ms", [](const BenchResult& r) { return digits(r.first_ms); }, 1);
  add("RSS MB",
      [](const BenchResult& r) { return digits(static_cast<double>(r.peak_rss_bytes) / 1e6); });
  return columns;
}

std::string draw(const std::vector<ColumnOfResults>& columns, const measure::BenchReport& report,
                 bool bold_header) {
  std::vector<Column> titles;
  titles.reserve(columns.size());
  for (const ColumnOfResults& column : columns) titles.push_back(column.column);
  TextTable table(std::move(titles));
  for (const BenchResult& result : report.results) {
    std::vector<std::string> cells;
    cells.reserve(columns.size());
    for (const ColumnOfResults& column : columns) cells.push_back(column.cell(result));
    table.add_row(std::move(cells));
  }
  return table.to_string(bold_header);
}

int width_of(const std::string& table) {
  int widest = 0;
  for (std::size_t begin = 0; begin < table.size();) {
    const std::size_t end = std::min(table.find('\n', begin), table.size());
    widest = std::max(widest, display_width(std::string_view(table).substr(begin, end - begin)));
    begin = end + 1;
  }
  return widest;
}

std::string table_of(const BenchLabels& labels, const measure::BenchReport& report,
                     bool bold_header) {
  std::vector<ColumnOfResults> columns = columns_for(labels, report);
  std::string left_out;
  while (width_of(draw(columns, report, false)) > kTableWidth) {
    const auto least = std::min_element(columns.begin(), columns.end(), [](auto& a, auto& b) {
      return (a.importance == 0 ? 100 : a.importance) < (b.importance == 0 ? 100 : b.importance);
    });
    if (least->importance == 0) break;
    left_out += (left_out.empty() ? "" : ", ") + least->column.title;
    columns.erase(least);
  }
  std::string text = draw(columns, report, bold_header);
  if (!left_out.empty())
    text += fmt::format("Left out for room: {}; --csv and --json have them.\n", left_out);
  return text;
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
    if (labels.threads_vary()) name += fmt::format(", {}", plural(row.threads, "thread"));
    if (labels.streams_vary()) name += fmt::format(", {}", plural(row.streams, "stream"));
    if (row.best == nullptr) {
      text += fmt::format("{}: no batch keeps p99 within {} ms\n", name, digits(row.bound_ms));
    } else {
      text += fmt::format("{}: batch {} is best within {} ms: {} items/s, p99 {} ms\n", name,
                          row.best->batch, digits(row.bound_ms), format_rate(row.best->items_per_s),
                          digits(row.best->p99_ms));
    }
  }
  return text;
}

void add_part(std::string& text, const std::string& part) {
  if (part.empty()) return;
  if (!text.empty()) text += '\n';
  text += part;
}

std::string csv_cell(const nlohmann::json& value) {
  std::string text;
  if (value.is_string()) {
    text = value.get<std::string>();
  } else if (value.is_array()) {
    for (const auto& item : value) text += (text.empty() ? "" : "; ") + item.get<std::string>();
  } else if (!value.is_null()) {
    text = value.dump();
  }
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string bench_text(const measure::BenchReport& report,
                       std::span<const measure::BestBatch> best_batches, bool bold_header) {
  const BenchLabels labels(report);
  std::string text;
  if (!report.results.empty()) {
    if (const std::string common = labels.common(); !common.empty())
      add_part(text, fmt::format("All rows: {}.\n", common));
    add_part(text, table_of(labels, report, bold_header) + legend(labels, report));
  }
  add_part(text, notes(labels, report));
  add_part(text, best_lines(labels, best_batches));
  std::string failures;
  for (const measure::BenchFailure& failure : report.failures) {
    failures +=
        fmt::format("failed: {}: {}\n", measure::describe(failure.row), failure.reason.message());
  }
  add_part(text, failures);
  return text;
}

std::string bench_csv(const measure::BenchReport& report) {
  static constexpr const char* kKeys[] = {
      "model",      "backend",        "backend_version", "threads",
      "batch",      "streams",        "precision",       "runs",
      "rounds",     "stable",         "min_ms",          "p50_ms",
      "p90_ms",     "p95_ms",         "p99_ms",          "mean_ms",
      "stddev_ms",  "items_per_s",    "load_ms",         "first_ms",
      "macs",       "gflops",         "arena_bytes",     "weight_bytes",
      "size_bytes", "peak_rss_bytes", "ratio",           "ratio_low",
      "ratio_high", "ratio_to",       "notes",           "error"};
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
