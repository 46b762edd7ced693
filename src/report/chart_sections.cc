#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "report/chart.h"
#include "report/comparison.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

using measure::Variant;

// Accuracies that differ by less than sampling error shall not look far apart.
constexpr double kAccuracySpan = 0.02;

LineSeries series_of(const History& history, std::string name, double Epoch::*field) {
  LineSeries series{.name = std::move(name)};
  for (const Epoch& epoch : history.epochs) {
    series.points.push_back({static_cast<double>(epoch.epoch), epoch.*field});
  }
  return series;
}

std::string history_lead(const History& history) {
  const Epoch* best = nullptr;
  for (const Epoch& epoch : history.epochs) {
    if (!std::isfinite(epoch.validation_top1)) continue;
    if (best == nullptr || epoch.validation_top1 > best->validation_top1) best = &epoch;
  }
  const std::size_t count = history.epochs.size();
  std::string text = fmt::format("{} {}.", count, count == 1 ? "epoch" : "epochs");
  if (best != nullptr) {
    text += fmt::format(" The best validation accuracy, {}, came in epoch {}.",
                        format_percent(best->validation_top1), best->epoch);
  }
  return text;
}

ScatterChart accuracy_against(std::span<const Variant> variants, std::string title, Axis axis,
                              double (*value)(const Variant&)) {
  ScatterChart chart{
      .title = std::move(title),
      .x = std::move(axis),
      .y = {.title = "top-1 accuracy", .format = ValueFormat::kPercent, .min_span = kAccuracySpan},
      .connect = true};
  double smallest = INFINITY;
  double largest = 0;
  for (const Variant& variant : variants) {
    const double x = value(variant);
    chart.points.push_back({.label = variant.name, .x = x, .y = variant.top1});
    if (std::isfinite(x) && x > 0) {
      smallest = std::min(smallest, x);
      largest = std::max(largest, x);
    }
  }
  // From zero, lengths show the ratio; beyond this the smaller ones would crowd at the left.
  chart.x.logarithmic = largest > 25 * smallest;
  chart.x.from_zero = !chart.x.logarithmic;
  return chart;
}

std::string latency_chart(std::span<const Variant> variants) {
  BarChart chart{.title = "Spread of latencies", .format = ValueFormat::kMilliseconds};
  BarRow median{.label = "median"};
  BarRow p90{.label = "p90"};
  BarRow p99{.label = "p99"};
  bool any = false;
  for (const Variant& variant : variants) {
    const double tail = std::isfinite(variant.p90_ms) ? variant.p90_ms : variant.p99_ms;
    if (!std::isfinite(tail)) continue;  // a median alone has no spread
    any = true;
    chart.series.push_back(variant.name);
    median.values.push_back(variant.p50_ms);
    p90.values.push_back(variant.p90_ms);
    p99.values.push_back(variant.p99_ms);
  }
  if (!any) return {};
  chart.rows = {median, p90, p99};
  return to_svg(chart);
}

}  // namespace

std::string tradeoff_section(std::span<const Variant> variants) {
  std::string charts =
      to_svg(accuracy_against(variants, "Accuracy against size",
                              {.title = "file size", .format = ValueFormat::kBytes},
                              [](const Variant& variant) { return known(variant.size_bytes); })) +
      to_svg(accuracy_against(variants, "Accuracy against latency",
                              {.title = "median latency", .format = ValueFormat::kMilliseconds},
                              typical_ms)) +
      latency_chart(variants);
  if (variants.size() < 2 || charts.empty()) return {};
  return section("tradeoff", "What it costs and what it gains",
                 "Up is more accurate, left is smaller or faster.",
                 fmt::format("<div class=\"charts\">\n{}</div>\n", charts));
}

std::string history_section(const History& history) {
  if (history.epochs.empty()) return {};
  const Axis epochs{.title = "epoch", .integers = true};
  LineChart loss{.title = "Loss",
                 .x = epochs,
                 .y = {.from_zero = true},
                 .series = {series_of(history, "training", &Epoch::train_loss),
                            series_of(history, "validation", &Epoch::validation_loss)}};
  LineChart accuracy{.title = "Top-1 accuracy",
                     .x = epochs,
                     .y = {.format = ValueFormat::kPercent, .min_span = kAccuracySpan},
                     .series = {series_of(history, "training", &Epoch::train_top1),
                                series_of(history, "validation", &Epoch::validation_top1)}};
  LineChart rate{.title = "Learning rate",
                 .x = epochs,
                 .y = {.from_zero = true},
                 .series = {series_of(history, "learning rate", &Epoch::learning_rate)}};
  const std::string charts = to_svg(loss) + to_svg(accuracy) + to_svg(rate);
  if (charts.empty()) return {};
  return section("history", "Training", history_lead(history),
                 fmt::format("<div class=\"charts\">\n{}</div>\n", charts));
}

}  // namespace lathe::report
