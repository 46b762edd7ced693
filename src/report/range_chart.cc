#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <span>

#include "report/chart.h"
#include "report/chart_parts.h"
#include "report/markup.h"
#include "report/utf8.h"

namespace lathe::report {
namespace {

// Shares of the picture's width, in percent: labels, then the scale, then values.
constexpr double kScaleBegin = 33;
constexpr double kScaleWidth = 53;
constexpr double kRowHeight = 24;
constexpr double kMuch = 4;
constexpr double kDrawnWidth = 800;  // where nothing else says how wide the picture is

bool can_show(const RangeRow& row) { return std::isfinite(row.value) && row.value > 0; }

bool has_spread(const RangeRow& row) {
  return std::isfinite(row.low) && std::isfinite(row.high) && row.low > 0 && row.low <= row.high;
}

std::string summary(const RangeRow& row) {
  std::string text = row.note.empty() ? row.label : fmt::format("{} ({})", row.label, row.note);
  text += " " + format_ratio(row.value);
  if (has_spread(row))
    text += fmt::format(", {} to {}", format_ratio(row.low), format_ratio(row.high));
  return text;
}

std::string description(const RangeChart& chart) {
  std::string text;
  for (const RangeRow& row : chart.rows)
    if (can_show(row)) text += (text.empty() ? "" : "; ") + summary(row);
  return text + ".";
}

}  // namespace

std::string to_svg(const RangeChart& chart) {
  double low = 1;
  double high = 1;
  bool any = false;
  for (const RangeRow& row : chart.rows) {
    if (!can_show(row)) continue;
    any = true;
    low = std::min({low, row.value, has_spread(row) ? row.low : row.value});
    high = std::max({high, row.value, has_spread(row) ? row.high : row.value});
  }
  if (!any) return {};
  // Room for whiskers and ticks at both ends.
  const AxisScale scale({.logarithmic = high > kMuch * low}, low / 1.05, high * 1.05, false, 5);
  const auto place = [&](double value) { return kScaleBegin + scale.share(value) * kScaleWidth; };

  std::string rows;
  double y = 26;
  if (chart.series.size() > 1)
    y = add_legend(rows, std::span(chart.series), LegendMark::kBox, y, kChartWidth,
                   chart.first_style);
  y += 6;
  const double top = y;
  for (const RangeRow& row : chart.rows) {
    if (!can_show(row)) continue;
    const std::string middle = coordinate(y + kRowHeight / 2);
    rows += fmt::format("<g><title>{}</title>\n", escape_markup(summary(row)));
    // A picture of its own cuts a long label at its left end, so that its own end stays readable.
    rows += fmt::format(
        "<svg x=\"0\" y=\"{}\" width=\"{}%\" height=\"{}\"><text x=\"100%\" y=\"50%\" dy=\".35em\" "
        "text-anchor=\"end\" dx=\"-4\">",
        coordinate(y), kScaleBegin - 2, kRowHeight);
    if (!row.note.empty()) {
      rows += fmt::format("<tspan class=\"soft\">{}</tspan>\u2002",
                          escape_markup(shorten(row.note, 28)));
    }
    rows +=
        fmt::format("{}</text></svg>\n", escape_markup(shorten(row.label, 40, Ellipsis::kMiddle)));
    if (has_spread(row)) {
      rows += fmt::format(
          "<line class=\"spread s{0}\" x1=\"{1:.3f}%\" x2=\"{2:.3f}%\" y1=\"{3}\" "
          "y2=\"{3}\"/>",
          (chart.first_style + row.series) % kSeriesStyles, place(row.low), place(row.high),
          middle);
    }
    rows += fmt::format("<circle class=\"mark s{}\" cx=\"{:.3f}%\" cy=\"{}\" r=\"4.5\"/>",
                        (chart.first_style + row.series) % kSeriesStyles, place(row.value), middle);
    rows += fmt::format(
        "<text class=\"value\" x=\"100%\" y=\"{}\" dy=\".35em\" text-anchor=\"end\">{}</text>\n",
        middle, escape_markup(format_ratio(row.value)));
    rows += "</g>\n";
    y += kRowHeight;
  }
  const double bottom = y + 2;

  std::string svg = fmt::format(
      "<svg class=\"chart bars\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{}\" "
      "height=\"{}\">\n<title>{}</title>\n<desc>{}</desc>\n"
      "<text class=\"heading\" x=\"0\" y=\"15\">{}</text>\n",
      kDrawnWidth, coordinate(bottom + 22), escape_markup(chart.title),
      escape_markup(chart.description.empty() ? description(chart) : chart.description),
      escape_markup(shorten(chart.title, 90)));
  for (const Tick& tick : scale.ticks()) {
    const double x = kScaleBegin + tick.share * kScaleWidth;
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0:.3f}%\" x2=\"{0:.3f}%\" y1=\"{1}\" y2=\"{2}\"/>"
        "<text class=\"soft\" x=\"{0:.3f}%\" y=\"{3}\" text-anchor=\"middle\">{4}×</text>\n",
        x, coordinate(top), coordinate(bottom), coordinate(bottom + 15), escape_markup(tick.label));
  }
  svg +=
      fmt::format("<line class=\"axis\" x1=\"{0:.3f}%\" x2=\"{0:.3f}%\" y1=\"{1}\" y2=\"{2}\"/>\n",
                  place(1), coordinate(top), coordinate(bottom));
  return svg + rows + "</svg>\n";
}

}  // namespace lathe::report
