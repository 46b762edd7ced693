// The charts on the page of a bench.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/words.h"
#include "report/bench_sections.h"
#include "report/chart.h"
#include "report/html_report.h"
#include "report/page_sections.h"
#include "report/utf8.h"

namespace lathe::report {
namespace {

using measure::BenchResult;

// Bars of one chart that differ more than this are hard to compare; then each model has its own.
constexpr double kLargestSpan = 12;
// Charts of more rows than this say less than the table.
constexpr std::size_t kMostRows = 60;

struct Quantity {
  const char* title;
  const char* axis;
  ValueFormat format;
  double (*value)(const BenchResult&);
};
constexpr Quantity kLatency{"Median latency", "latency", ValueFormat::kMilliseconds,
                            [](const BenchResult& r) { return r.p50_ms; }};
constexpr Quantity kThroughput{"Items per second", "items/s", ValueFormat::kRate,
                               [](const BenchResult& r) { return r.items_per_s; }};
constexpr Quantity kMemory{
    "Peak memory of the process", "peak RSS", ValueFormat::kBytes,
    [](const BenchResult& r) { return static_cast<double>(r.peak_rss_bytes); }};
constexpr Quantity kTail{"99th percentile of latency", "p99", ValueFormat::kMilliseconds,
                         [](const BenchResult& r) { return r.p99_ms; }};

std::size_t backend_index(const BenchLabels& labels, const std::string& backend) {
  const auto& all = labels.backends();
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), backend) - all.begin());
}

// Models as rows, once per threads and streams; backends as series.
BarChart grouped_bars(const measure::BenchReport& report, const BenchLabels& labels,
                      const Quantity& quantity) {
  BarChart chart{.title = quantity.title, .series = labels.backends(), .format = quantity.format};
  for (const BenchResult& result : report.results) {
    const std::string label = labels.model(result.model);
    const std::string note = labels.concurrency(result);
    const std::size_t series = backend_index(labels, result.backend);
    // A model that was named twice has two rows.
    auto row = std::find_if(chart.rows.begin(), chart.rows.end(), [&](const BarRow& other) {
      return other.label == label && other.note == note && std::isnan(other.values[series]);
    });
    if (row == chart.rows.end()) {
      row = chart.rows.insert(chart.rows.end(),
                              {.label = label,
                               .note = note,
                               .values = std::vector<double>(labels.backends().size(), kUnknown)});
    }
    row->values[series] = quantity.value(result);
  }
  return chart;
}

// One chart for each row of a grouped one, a bar for each backend.
std::string separate_bars(const BarChart& grouped) {
  std::string charts;
  for (const BarRow& row : grouped.rows) {
    const std::string title = shorten(row.label, 36, Ellipsis::kMiddle);
    BarChart chart{.title = row.note.empty() ? title : fmt::format("{}, {}", title, row.note),
                   .series = {grouped.title},
                   .format = grouped.format};
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      if (std::isfinite(row.values[i]))
        chart.rows.push_back({.label = grouped.series[i], .values = {row.values[i]}, .style = i});
    }
    charts += to_svg(chart);
  }
  return fmt::format("<div class=\"charts\">\n{}</div>\n", charts);
}

std::string bars(const measure::BenchReport& report, const BenchLabels& labels,
                 const Quantity& quantity) {
  const BarChart chart = grouped_bars(report, labels, quantity);
  if (chart.rows.size() > kMostRows) return {};
  double low = INFINITY;
  double high = 0;
  for (const BarRow& row : chart.rows) {
    for (const double value : row.values) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  const bool apart = labels.backends_vary() && labels.models_vary() && high > kLargestSpan * low;
  return apart ? separate_bars(chart) : to_svg(chart);
}

// A quantity of one model over the size of its batch; a line for each backend and concurrency.
LineChart lines(const measure::BenchReport& report, const BenchLabels& labels,
                const std::string& model, const Quantity& quantity) {
  LineChart chart{.title = labels.models_vary()
                               ? fmt::format("{}: {}", labels.model(model), quantity.title)
                               : std::string(quantity.title),
                  .x = {.title = "batch", .logarithmic = true, .integers = true},
                  .y = {.title = quantity.axis, .format = quantity.format, .from_zero = true}};
  for (const BenchResult& result : report.results) {
    if (result.model != model) continue;
    std::string name = result.backend;
    if (const std::string more = labels.concurrency(result); !more.empty()) name += ", " + more;
    auto series = std::find_if(chart.series.begin(), chart.series.end(),
                               [&](const LineSeries& other) { return other.name == name; });
    if (series == chart.series.end())
      series = chart.series.insert(chart.series.end(), {.name = name});
    series->points.push_back({static_cast<double>(result.batch), quantity.value(result)});
  }
  for (LineSeries& series : chart.series) {
    std::stable_sort(series.points.begin(), series.points.end(),
                     [](const ChartPoint& a, const ChartPoint& b) { return a.x < b.x; });
  }
  return chart;
}

void add_bound(LineChart& chart, double bound_ms) {
  double first = INFINITY;
  double last = 0;
  for (const LineSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      first = std::min(first, point.x);
      last = std::max(last, point.x);
    }
  }
  chart.series.push_back({.name = "bound", .points = {{first, bound_ms}, {last, bound_ms}}});
}

std::string best_lead(std::span<const measure::BestBatch> best_batches, const BenchLabels& labels) {
  std::string text;
  for (const measure::BestBatch& best : best_batches) {
    std::string name = best.backend;
    if (labels.models_vary()) name = fmt::format("{}, {}", labels.model(best.model), name);
    if (labels.threads_vary()) name += ", " + counted(best.threads, "thread");
    if (labels.streams_vary()) name += ", " + counted(best.streams, "stream");
    text += text.empty() ? fmt::format("Within {}: ", format_ms(best.bound_ms)) : "; ";
    text += best.best == nullptr
                ? fmt::format("{}: no batch", name)
                : fmt::format("{}: batch {} with {} items/s", name, best.best->batch,
                              format_rate(best.best->items_per_s));
  }
  return text.empty() ? text : text + ".";
}

}  // namespace

std::string ratio_section(const measure::BenchReport& report, const BenchLabels& labels) {
  RangeChart chart{.title = "Times as fast"};
  // The first backend, with which others are compared, has no row.
  if (labels.backends_vary()) {
    chart.series.assign(labels.backends().begin() + 1, labels.backends().end());
    chart.first_style = 1;
  }
  std::string to;
  for (const BenchResult& result : report.results) {
    if (!result.ratio) continue;
    to = labels.backends_vary() ? result.ratio_to : labels.model(result.ratio_to);
    std::string note = labels.setting(result);
    if (labels.backends_vary() && labels.models_vary())
      note = note.empty() ? result.backend : fmt::format("{}, {}", result.backend, note);
    RangeRow row{.label = labels.models_vary() ? labels.model(result.model) : result.backend,
                 .note = std::move(note),
                 .value = result.ratio->median,
                 .series = labels.backends_vary() ? backend_index(labels, result.backend) - 1 : 0};
    if (result.ratio->spread) {
      row.low = result.ratio->spread->low;
      row.high = result.ratio->spread->high;
    }
    chart.rows.push_back(std::move(row));
  }
  if (chart.rows.empty() || chart.rows.size() > kMostRows) return {};
  return section("ratios", fmt::format("Against {}", to),
                 fmt::format("How many times as fast as {}: right of the line is faster. A dot is "
                             "the median of paired rounds, the bar behind it the range of 80 % of "
                             "them.",
                             to),
                 to_svg(chart));
}

std::string bar_section(const measure::BenchReport& report, const BenchLabels& labels) {
  if (labels.batches_vary() || report.results.size() < 2) return {};
  std::string text;
  const struct {
    const char* id;
    const char* heading;
    const char* lead;
    const Quantity& quantity;
  } parts[] = {{"latency", "Latency", "Median of all runs; shorter is faster.", kLatency},
               {"throughput", "Throughput", "Items per second; longer is faster.", kThroughput},
               {"memory", "Memory", "Peak of the process that did this alone.", kMemory}};
  for (const auto& part : parts) {
    const std::string charts = bars(report, labels, part.quantity);
    if (!charts.empty()) text += section(part.id, part.heading, part.lead, charts);
  }
  return text;
}

std::string batch_section(const measure::BenchReport& report, const BenchLabels& labels,
                          std::span<const measure::BestBatch> best_batches) {
  if (!labels.batches_vary()) return {};
  std::string charts;
  for (const std::string& model : labels.models()) {
    charts += to_svg(lines(report, labels, model, kThroughput));
    LineChart tail = lines(report, labels, model, kTail);
    if (!best_batches.empty() && !tail.series.empty()) add_bound(tail, best_batches[0].bound_ms);
    charts += to_svg(tail);
    charts += to_svg(lines(report, labels, model, kMemory));
  }
  if (charts.empty()) return {};
  return section("batches", "Over the size of a batch", best_lead(best_batches, labels),
                 fmt::format("<div class=\"charts\">\n{}</div>\n", charts));
}

}  // namespace lathe::report
