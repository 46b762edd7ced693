#include "report/chart_parts.h"

#include <algorithm>
#include <fmt/format.h>

#include "report/markup.h"
#include "report/text_table.h"
#include "report/utf8.h"

namespace lathe::report {
namespace {

// Of the font size of 12; bounds digits and lower case in common sans-serif fonts, Verdana and
// DejaVu Sans included.
constexpr double kCellWidth = 7.4;
constexpr double kLegendLine = 18;
constexpr double kTickGap = 7;

double widest_label(const AxisScale& scale) {
  double widest = 0;
  for (const Tick& tick : scale.ticks()) widest = std::max(widest, text_width(tick.label));
  return widest;
}

}  // namespace

double text_width(std::string_view text) { return display_width(text) * kCellWidth; }

std::string coordinate(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string open_chart(std::string_view title, std::string_view description) {
  std::string svg = fmt::format(
      "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
      "viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\">\n<title>{2}</title>\n"
      "<desc>{3}</desc>\n",
      kChartWidth, kChartHeight, escape_markup(title), escape_markup(description));
  svg += fmt::format("<text class=\"heading\" x=\"0\" y=\"15\">{}</text>\n",
                     escape_markup(shorten(title, 48)));
  return svg;
}

double add_legend(std::string& svg, std::span<const std::string> names, LegendMark mark, double top,
                  double width, std::size_t first_style) {
  double x = 0;
  double y = top + kLegendLine * 0.5;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = shorten(names[i], 40);
    const double needed = 30 + text_width(name) + 14;
    if (x > 0 && x + needed > width) {
      x = 0;
      y += kLegendLine;
    }
    const std::size_t style = (first_style + i) % kSeriesStyles;
    if (mark == LegendMark::kLine) {
      svg += fmt::format("<path class=\"line s{}\" d=\"M{},{}h22\"/>", style, coordinate(x),
                         coordinate(y));
      svg += marker(style, x + 11, y, 3, {});
    } else {
      svg += fmt::format("<rect class=\"mark s{}\" x=\"{}\" y=\"{}\" width=\"12\" height=\"12\"/>",
                         style, coordinate(x + 8), coordinate(y - 6));
    }
    svg += fmt::format("<text x=\"{}\" y=\"{}\" dy=\".35em\">{}</text>\n", coordinate(x + 28),
                       coordinate(y), escape_markup(name));
    x += needed;
  }
  return y + kLegendLine * 0.5;
}

std::string marker(std::size_t style, double x, double y, double radius, std::string_view tooltip) {
  style %= kSeriesStyles;
  std::string shape;
  const auto at = [&](double dx, double dy) {
    return coordinate(x + dx * radius) + "," + coordinate(y + dy * radius);
  };
  switch (style % 4) {
    case 0:
      shape = fmt::format("circle cx=\"{}\" cy=\"{}\" r=\"{}\"", coordinate(x), coordinate(y),
                          coordinate(radius));
      break;
    case 1:
      shape = fmt::format("path d=\"M{}L{}L{}L{}Z\"", at(-0.9, -0.9), at(0.9, -0.9), at(0.9, 0.9),
                          at(-0.9, 0.9));
      break;
    case 2:
      shape = fmt::format("path d=\"M{}L{}L{}Z\"", at(0, -1.2), at(1.1, 0.8), at(-1.1, 0.8));
      break;
    default:
      shape = fmt::format("path d=\"M{}L{}L{}L{}Z\"", at(0, -1.25), at(1.25, 0), at(0, 1.25),
                          at(-1.25, 0));
      break;
  }
  if (tooltip.empty()) return fmt::format("<{} class=\"mark s{}\"/>", shape, style);
  const std::string_view element = style % 4 == 0 ? "circle" : "path";
  return fmt::format("<{} class=\"mark s{}\"><title>{}</title></{}>\n", shape, style,
                     escape_markup(tooltip), element);
}

Rectangle add_axes(std::string& svg, const Axes& axes, double top) {
  const bool titled = !axes.y.title().empty() || axes.secondary != nullptr;
  const double title_height = titled ? 28 : 12;
  Rectangle area;
  area.x = std::max(24.0, widest_label(axes.y) + kTickGap + 2);
  area.y = top + title_height;
  const double right =
      axes.secondary != nullptr ? widest_label(*axes.secondary) + kTickGap + 2 : 16.0;
  area.width = std::max(40.0, kChartWidth - area.x - right);
  area.height = std::max(40.0, kChartHeight - area.y - (axes.x.title().empty() ? 22.0 : 40.0));

  if (!axes.y.title().empty()) {
    svg += fmt::format("<text class=\"soft\" x=\"0\" y=\"{}\">{}</text>\n", coordinate(area.y - 14),
                       escape_markup(axes.y.title()));
  }
  for (const Tick& tick : axes.y.ticks()) {
    const double y = area.bottom() - tick.share * area.height;
    svg += fmt::format("<path class=\"{}\" d=\"M{},{}H{}\"/>", tick.share == 0 ? "axis" : "grid",
                       coordinate(area.x), coordinate(y), coordinate(area.right()));
    svg += fmt::format(
        "<text class=\"soft\" x=\"{}\" y=\"{}\" dy=\".35em\" text-anchor=\"end\">{}</text>\n",
        coordinate(area.x - kTickGap), coordinate(y), escape_markup(tick.label));
  }
  if (axes.secondary != nullptr) {
    svg +=
        fmt::format("<text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                    kChartWidth, coordinate(area.y - 14), escape_markup(axes.secondary->title()));
    for (const Tick& tick : axes.secondary->ticks()) {
      svg += fmt::format("<text class=\"soft\" x=\"{}\" y=\"{}\" dy=\".35em\">{}</text>\n",
                         coordinate(area.right() + kTickGap),
                         coordinate(area.bottom() - tick.share * area.height),
                         escape_markup(tick.label));
    }
  }
  for (const Tick& tick : axes.x.ticks()) {
    const double x = area.x + tick.share * area.width;
    const double half = text_width(tick.label) / 2;
    const std::string_view anchor = x + half > kChartWidth ? "end" : "middle";
    svg += fmt::format("<path class=\"axis\" d=\"M{},{}v4\"/>", coordinate(x),
                       coordinate(area.bottom()));
    svg += fmt::format("<text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n",
                       coordinate(x), coordinate(area.bottom() + 17), anchor,
                       escape_markup(tick.label));
  }
  if (!axes.x.title().empty()) {
    svg += fmt::format("<text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                       coordinate(area.x + area.width / 2), coordinate(area.bottom() + 35),
                       escape_markup(axes.x.title()));
  }
  return area;
}

std::string describe(const Axis& axis, double value) {
  return axis.title.empty() ? format_value(value, axis.format)
                            : fmt::format("{} {}", axis.title, format_value(value, axis.format));
}

}  // namespace lathe::report
