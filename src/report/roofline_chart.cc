#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numbers>

#include "report/chart.h"
#include "report/chart_parts.h"
#include "report/markup.h"
#include "report/utf8.h"

namespace lathe::report {
namespace {

constexpr double kLargestMark = 11;
constexpr double kSmallestMark = 2.5;

bool is_drawn(double value) { return std::isfinite(value) && value > 0; }

bool is_drawn(const RooflinePoint& point) {
  return is_drawn(point.intensity) && is_drawn(point.gflops);
}

std::string tooltip(const RooflinePoint& point) {
  return fmt::format("{}: {} GFLOP/s at {} operations per byte", point.label,
                     format_rate(point.gflops), format_number(point.intensity, 3));
}

struct DrawnRange {
  double low = INFINITY;
  double high = 0;
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// Where values of the axes lie in the picture.
struct Frame {
  const AxisScale& x;
  const AxisScale& y;
  Rectangle area;
  [[nodiscard]] double at_x(double value) const { return area.x + x.share(value) * area.width; }
  [[nodiscard]] double at_y(double value) const {
    return area.bottom() - y.share(value) * area.height;
  }
};

// A line between two places with its name above it, at the end or along it.
std::string roof_line(const Frame& frame, ChartPoint from, ChartPoint to, const std::string& name,
                      double along) {
  const double x1 = frame.at_x(from.x);
  const double y1 = frame.at_y(from.y);
  const double x2 = frame.at_x(to.x);
  const double y2 = frame.at_y(to.y);
  const double angle = std::atan2(y2 - y1, x2 - x1) * 180 / std::numbers::pi;
  const double x = x1 + (x2 - x1) * along;
  const double y = y1 + (y2 - y1) * along;
  std::string svg = fmt::format("<path class=\"arrow\" d=\"M{},{}L{},{}\"/>\n", coordinate(x1),
                                coordinate(y1), coordinate(x2), coordinate(y2));
  if (std::hypot(x2 - x1, y2 - y1) < text_width(name)) return svg;
  svg += fmt::format(
      "<text class=\"value\" x=\"{0}\" y=\"{1}\" dy=\"-4\" text-anchor=\"{2}\" "
      "transform=\"rotate({3} {0} {1})\">{4}</text>\n",
      coordinate(x), coordinate(y), along > 0.5 ? "end" : "start", coordinate(angle),
      escape_markup(name));
  return svg;
}

std::string roofs(const RooflineChart& chart, const Frame& frame, const DrawnRange& x,
                  const DrawnRange& y) {
  double highest = 0;
  double steepest = 0;
  for (const RooflineChart::Roof& ceiling : chart.ceilings)
    highest = std::max(highest, ceiling.rate);
  for (const RooflineChart::Roof& slope : chart.slopes) steepest = std::max(steepest, slope.rate);
  std::string svg;
  for (const RooflineChart::Roof& ceiling : chart.ceilings) {
    const double from = steepest > 0 ? std::max(x.low, ceiling.rate / steepest) : x.low;
    if (from < x.high)
      svg += roof_line(frame, {from, ceiling.rate}, {x.high, ceiling.rate}, ceiling.name, 1);
  }
  for (const RooflineChart::Roof& slope : chart.slopes) {
    const double from = std::max(x.low, y.low / slope.rate);
    const double to = std::min(x.high, highest / slope.rate);
    if (from < to) {
      svg += roof_line(frame, {from, from * slope.rate}, {to, to * slope.rate}, slope.name, 0.03);
    }
  }
  return svg;
}

std::string description(const RooflineChart& chart) {
  const auto best = std::max_element(
      chart.points.begin(), chart.points.end(),
      [](const RooflinePoint& a, const RooflinePoint& b) { return a.gflops < b.gflops; });
  return fmt::format("{} points; the highest: {}.", chart.points.size(), tooltip(*best));
}

}  // namespace

std::string to_svg(const RooflineChart& chart) {
  DrawnRange x;
  DrawnRange y;
  double heaviest = 0;
  for (const RooflinePoint& point : chart.points) {
    if (!is_drawn(point)) continue;
    x.take(point.intensity);
    y.take(point.gflops);
    heaviest = std::max(heaviest, point.weight);
  }
  if (x.high == 0) return {};
  double slowest = INFINITY;
  for (const RooflineChart::Roof& slope : chart.slopes) slowest = std::min(slowest, slope.rate);
  for (const RooflineChart::Roof& ceiling : chart.ceilings) {
    y.take(ceiling.rate);
    if (std::isfinite(slowest)) x.take(ceiling.rate / slowest);  // where the two roofs meet
  }
  x = {x.low / 2, x.high * 2};
  y = {y.low / 2, y.high * 1.8};

  const Axis x_axis{.title = "operations per byte", .logarithmic = true};
  const Axis y_axis{.title = "GFLOP/s, GOP/s", .logarithmic = true};
  const AxisScale x_scale(x_axis, x.low, x.high, false, 6);
  const AxisScale y_scale(y_axis, y.low, y.high, false, 5);
  std::string svg =
      open_chart(chart.title, chart.description.empty() ? description(chart) : chart.description);
  const Frame frame{x_scale, y_scale, add_axes(svg, {x_scale, y_scale}, 24)};
  svg += roofs(chart, frame, x, y);
  for (const RooflinePoint& point : chart.points) {
    if (!is_drawn(point)) continue;
    const double radius = heaviest > 0 ? kLargestMark * std::sqrt(point.weight / heaviest) : 0;
    svg += marker(point.ceiling, frame.at_x(point.intensity), frame.at_y(point.gflops),
                  std::max(kSmallestMark, radius), tooltip(point));
  }
  return svg + "</svg>\n";
}

}  // namespace lathe::report
