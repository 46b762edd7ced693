#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "report/chart.h"
#include "report/chart_parts.h"

namespace lathe::report {
namespace {

// More points than this are drawn as a line alone.
constexpr std::size_t kMostMarkers = 40;

struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] bool empty() const { return low > high; }
};

const Axis& y_axis(const LineChart& chart, const LineSeries& series) {
  return series.secondary && chart.secondary ? *chart.secondary : chart.y;
}

bool can_show(const LineChart& chart, const LineSeries& series, const ChartPoint& point) {
  return AxisScale::can_show(chart.x, point.x) &&
         AxisScale::can_show(y_axis(chart, series), point.y);
}

std::string description(const LineChart& chart) {
  std::string text;
  for (const LineSeries& series : chart.series) {
    const auto shown = [&](const ChartPoint& point) { return can_show(chart, series, point); };
    const auto first = std::find_if(series.points.begin(), series.points.end(), shown);
    if (first == series.points.end()) continue;
    const auto last = std::find_if(series.points.rbegin(), series.points.rend(), shown);
    const Axis& axis = y_axis(chart, series);
    if (!text.empty()) text += "; ";
    text += fmt::format("{}: {} at {}", series.name, format_value(first->y, axis.format),
                        describe(chart.x, first->x));
    if (last->x != first->x) {
      text +=
          fmt::format(", {} at {}", format_value(last->y, axis.format), describe(chart.x, last->x));
    }
  }
  return text + ".";
}

// One path through the points, interrupted where there is nothing to show, and markers where they
// are few enough to be told apart or stand alone.
void add_series(std::string& svg, const LineChart& chart, const LineSeries& series,
                std::size_t style, const AxisScale& x_scale, const AxisScale& y_scale,
                const Rectangle& area) {
  std::string path;
  std::string markers;
  const bool all_markers = series.points.size() <= kMostMarkers;
  bool drawing = false;
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const ChartPoint& point = series.points[i];
    if (!can_show(chart, series, point)) {
      drawing = false;
      continue;
    }
    const double x = area.x + x_scale.share(point.x) * area.width;
    const double y = area.bottom() - y_scale.share(point.y) * area.height;
    path += fmt::format("{}{},{}", drawing ? "L" : "M", coordinate(x), coordinate(y));
    const bool alone = !drawing && (i + 1 == series.points.size() ||
                                    !can_show(chart, series, series.points[i + 1]));
    drawing = true;
    if (all_markers || alone) {
      const std::string tooltip = fmt::format("{}, {}: {}", series.name, describe(chart.x, point.x),
                                              format_value(point.y, y_axis(chart, series).format));
      markers += marker(style, x, y, all_markers && series.points.size() > 20 ? 2 : 2.8, tooltip);
    }
  }
  svg += fmt::format("<path class=\"line s{}\" d=\"{}\"/>\n", style % kSeriesStyles, path);
  svg += markers;
}

}  // namespace

std::string to_svg(const LineChart& chart) {
  Extent x;
  Extent y;
  Extent secondary;
  std::vector<const LineSeries*> shown;
  for (const LineSeries& series : chart.series) {
    bool any = false;
    for (const ChartPoint& point : series.points) {
      if (!can_show(chart, series, point)) continue;
      any = true;
      x.add(point.x);
      (series.secondary && chart.secondary ? secondary : y).add(point.y);
    }
    if (any) shown.push_back(&series);
  }
  if (shown.empty()) return {};
  if (y.empty()) y = {0, 1};

  std::vector<std::string> names;
  for (const LineSeries* series : shown) names.push_back(series->name);
  std::string svg =
      open_chart(chart.title, chart.description.empty() ? description(chart) : chart.description);
  double top = 22;
  if (names.size() > 1) top = add_legend(svg, names, LegendMark::kLine, top + 2, kChartWidth);

  const AxisScale x_scale(chart.x, x.low, x.high, false, 6);
  const AxisScale y_scale(chart.y, y.low, y.high, true, 4);
  std::optional<AxisScale> second_scale;
  if (chart.secondary && !secondary.empty()) {
    second_scale.emplace(*chart.secondary, secondary.low, secondary.high, true, 4);
  }
  const Rectangle area =
      add_axes(svg, {x_scale, y_scale, second_scale ? &*second_scale : nullptr}, top);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const bool on_second = shown[i]->secondary && second_scale;
    add_series(svg, chart, *shown[i], i, x_scale, on_second ? *second_scale : y_scale, area);
  }
  return svg + "</svg>\n";
}

}  // namespace lathe::report
