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

// Shares of the picture's width, in percent: labels, then bars, then room for the longest bar's
// value.
constexpr double kBarsBegin = 31;
constexpr double kBarsWidth = 51;
constexpr double kDrawnWidth = 800;  // where nothing else says how wide the picture is

bool can_show(double value) { return std::isfinite(value) && value >= 0; }

double row_value(const BarRow& row, std::size_t series) {
  return series < row.values.size() ? row.values[series] : std::nan("");
}

std::string summary(const BarChart& chart, const BarRow& row, const ValueFormatter& show) {
  std::string text = row.note.empty() ? row.label : fmt::format("{} ({})", row.label, row.note);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    if (!can_show(row_value(row, i))) continue;
    text += fmt::format(", {} {}", chart.series[i], show(row_value(row, i)));
  }
  return text;
}

std::string description(const BarChart& chart, double longest, const ValueFormatter& show) {
  for (const BarRow& row : chart.rows) {
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      if (row_value(row, i) != longest) continue;
      return fmt::format("{} {}; the longest bar: {}.", chart.rows.size(),
                         chart.rows.size() == 1 ? "row" : "rows", summary(chart, row, show));
    }
  }
  return {};
}

}  // namespace

std::string to_svg(const BarChart& chart) {
  std::vector<double> values;
  for (const BarRow& row : chart.rows) {
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      if (can_show(row_value(row, i))) values.push_back(row_value(row, i));
    }
  }
  if (values.empty()) return {};
  const double longest = *std::max_element(values.begin(), values.end());
  const ValueFormatter show(chart.format, values);

  const double bar = chart.series.size() == 1 ? 15 : 13;
  const double row_height = bar * static_cast<double>(chart.series.size()) + 12;
  std::string body;
  double y = 26;
  if (chart.series.size() > 1) {
    y = add_legend(body, std::span(chart.series), LegendMark::kBox, y, kChartWidth) + 8;
  }
  const double top = y;
  for (const BarRow& row : chart.rows) {
    const double height = row_height - 12;
    body += fmt::format("<g><title>{}</title>\n", escape_markup(summary(chart, row, show)));
    // A picture of its own cuts a long label at its left end, so that its own end stays readable.
    const double label_height = std::max(18.0, height);
    body += fmt::format(
        "<svg x=\"0\" y=\"{}\" width=\"{}%\" height=\"{}\"><text x=\"100%\" y=\"50%\" dy=\".35em\" "
        "text-anchor=\"end\" dx=\"-4\">",
        coordinate(y + height / 2 - label_height / 2), kBarsBegin - 1, coordinate(label_height));
    if (!row.note.empty()) {
      body += fmt::format("<tspan class=\"soft\">{}</tspan>\u2002",
                          escape_markup(shorten(row.note, 20)));
    }
    body +=
        fmt::format("{}</text></svg>\n", escape_markup(shorten(row.label, 40, Ellipsis::kMiddle)));
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      const double value = row_value(row, i);
      if (!can_show(value)) continue;
      const double width = longest > 0 ? value / longest * kBarsWidth : 0;
      const double at = y + bar * static_cast<double>(i);
      body += fmt::format(
          "<rect class=\"bar s{}\" x=\"{}%\" y=\"{}\" width=\"{:.3f}%\" height=\"{}\"/>"
          "<text class=\"value\" x=\"{:.3f}%\" y=\"{}\" dx=\"5\" dy=\".35em\">{}</text>\n",
          (row.style + i) % kSeriesStyles, kBarsBegin, coordinate(at), width, coordinate(bar - 1),
          kBarsBegin + width, coordinate(at + bar / 2), escape_markup(show(value)));
    }
    body += "</g>\n";
    y += row_height;
  }
  const double bottom = y - 6;
  const std::string text =
      chart.description.empty() ? description(chart, longest, show) : chart.description;
  std::string svg = fmt::format(
      "<svg class=\"chart bars\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{}\" "
      "height=\"{}\">\n<title>{}</title>\n<desc>{}</desc>\n"
      "<text class=\"heading\" x=\"0\" y=\"15\">{}</text>\n",
      kDrawnWidth, coordinate(bottom + 2), escape_markup(chart.title), escape_markup(text),
      escape_markup(shorten(chart.title, 90)));
  svg += body;
  svg += fmt::format("<line class=\"axis\" x1=\"{0}%\" x2=\"{0}%\" y1=\"{1}\" y2=\"{2}\"/>\n",
                     kBarsBegin, coordinate(top - 4), coordinate(bottom));
  return svg + "</svg>\n";
}

}  // namespace lathe::report
