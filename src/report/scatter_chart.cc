#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "report/chart.h"
#include "report/chart_parts.h"
#include "report/markup.h"
#include "report/utf8.h"

namespace lathe::report {
namespace {

constexpr double kPlainRadius = 5.5;
constexpr double kLargestRadius = 18;
constexpr double kSmallestRadius = 4;
constexpr double kLabelHeight = 15;

struct Placed {
  const ScatterPoint* point = nullptr;
  double x = 0;
  double y = 0;
  double radius = kPlainRadius;
};

bool can_show(const ScatterChart& chart, const ScatterPoint& point) {
  return AxisScale::can_show(chart.x, point.x) && AxisScale::can_show(chart.y, point.y);
}

bool has_weight(const ScatterPoint& point) {
  return std::isfinite(point.weight) && point.weight > 0;
}

std::string summary(const ScatterChart& chart, const ScatterPoint& point) {
  return fmt::format("{}: {}, {}", point.label, describe(chart.x, point.x),
                     describe(chart.y, point.y));
}

std::string description(const ScatterChart& chart) {
  std::string text;
  for (const ScatterPoint& point : chart.points) {
    if (!can_show(chart, point)) continue;
    text += (text.empty() ? "" : "; ") + summary(chart, point);
  }
  return text + ".";
}

Rectangle around(const Placed& placed, double margin) {
  const double r = placed.radius + margin;
  return {placed.x - r, placed.y - r, 2 * r, 2 * r};
}

// The first of eight places around the marker where the label stays inside the picture and clear of
// markers and earlier labels; to the right of it where none is free.
Rectangle place_label(const std::string& label, const Placed& own, const std::vector<Placed>& all,
                      const std::vector<Rectangle>& taken, const Rectangle& area) {
  const double width = text_width(label);
  const double gap = own.radius + 5;
  const double beside = own.y - kLabelHeight / 2;
  const std::array<Rectangle, 8> places{{
      {own.x + gap, beside, width, kLabelHeight},
      {own.x - gap - width, beside, width, kLabelHeight},
      {own.x - width / 2, own.y - gap - kLabelHeight, width, kLabelHeight},
      {own.x - width / 2, own.y + gap, width, kLabelHeight},
      {own.x + gap * 0.7, own.y - gap - kLabelHeight * 0.7, width, kLabelHeight},
      {own.x + gap * 0.7, own.y + gap - kLabelHeight * 0.3, width, kLabelHeight},
      {own.x - gap * 0.7 - width, own.y - gap - kLabelHeight * 0.7, width, kLabelHeight},
      {own.x - gap * 0.7 - width, own.y + gap - kLabelHeight * 0.3, width, kLabelHeight},
  }};
  for (const Rectangle& place : places) {
    if (place.x < area.x || place.right() > kChartWidth || place.y < area.y - 6 ||
        place.bottom() > area.bottom()) {
      continue;
    }
    const bool free = std::none_of(taken.begin(), taken.end(),
                                   [&](const Rectangle& other) { return place.overlaps(other); }) &&
                      std::none_of(all.begin(), all.end(), [&](const Placed& other) {
                        return &other != &own && place.overlaps(around(other, 1));
                      });
    if (free) return place;
  }
  Rectangle place = places[0];
  place.x = std::clamp(place.x, 0.0, std::max(0.0, kChartWidth - width));
  return place;
}

// A thin line with a head that ends short of the second marker.
void add_arrow(std::string& svg, const Placed& from, const Placed& to) {
  const double dx = to.x - from.x;
  const double dy = to.y - from.y;
  const double length = std::hypot(dx, dy);
  const double start = from.radius + 4;
  const double end = length - to.radius - 4;
  if (end - start < 8) return;
  const double ux = dx / length;
  const double uy = dy / length;
  const auto at = [&](double along, double across) {
    return coordinate(from.x + ux * along - uy * across) + "," +
           coordinate(from.y + uy * along + ux * across);
  };
  svg += fmt::format("<path class=\"arrow\" d=\"M{}L{}M{}L{}L{}\"/>\n", at(start, 0), at(end, 0),
                     at(end - 6, -3.5), at(end, 0), at(end - 6, 3.5));
}

// The line between two markers as small boxes that labels keep clear of.
void add_obstacles(std::vector<Rectangle>& taken, const Placed& from, const Placed& to) {
  constexpr int kSteps = 32;
  for (int i = 1; i < kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps;
    const double x = from.x + (to.x - from.x) * t;
    const double y = from.y + (to.y - from.y) * t;
    taken.push_back({x - 3, y - 3, 6, 6});
  }
}

}  // namespace

std::string to_svg(const ScatterChart& chart) {
  std::vector<Placed> placed;
  double heaviest = 0;
  for (const ScatterPoint& point : chart.points) {
    if (!can_show(chart, point)) continue;
    placed.push_back({.point = &point});
    if (has_weight(point)) heaviest = std::max(heaviest, point.weight);
  }
  if (placed.empty()) return {};
  const auto by_x = [](const Placed& a, const Placed& b) { return a.point->x < b.point->x; };
  const auto by_y = [](const Placed& a, const Placed& b) { return a.point->y < b.point->y; };
  const auto x = std::minmax_element(placed.begin(), placed.end(), by_x);
  const auto y = std::minmax_element(placed.begin(), placed.end(), by_y);
  const AxisScale x_scale(chart.x, x.first->point->x, x.second->point->x, true, 5);
  const AxisScale y_scale(chart.y, y.first->point->y, y.second->point->y, true, 4);

  std::string svg =
      open_chart(chart.title, chart.description.empty() ? description(chart) : chart.description);
  const Rectangle area = add_axes(svg, {x_scale, y_scale}, 24);
  for (Placed& mark : placed) {
    mark.x = area.x + x_scale.share(mark.point->x) * area.width;
    mark.y = area.bottom() - y_scale.share(mark.point->y) * area.height;
    if (has_weight(*mark.point)) {
      mark.radius =
          std::max(kSmallestRadius, kLargestRadius * std::sqrt(mark.point->weight / heaviest));
    }
  }
  for (std::size_t i = 1; chart.connect && i < placed.size(); ++i) {
    add_arrow(svg, placed[i - 1], placed[i]);
  }
  for (std::size_t i = 0; i < placed.size(); ++i) {
    svg += marker(i, placed[i].x, placed[i].y, placed[i].radius, summary(chart, *placed[i].point));
  }
  std::vector<Rectangle> taken;
  for (std::size_t i = 1; chart.connect && i < placed.size(); ++i) {
    add_obstacles(taken, placed[i - 1], placed[i]);
  }
  for (const Placed& mark : placed) {
    const std::string label = shorten(mark.point->label, 28, Ellipsis::kMiddle);
    const Rectangle box = place_label(label, mark, placed, taken, area);
    taken.push_back(box);
    svg += fmt::format("<text x=\"{}\" y=\"{}\" dy=\".35em\" text-anchor=\"middle\">{}</text>\n",
                       coordinate(box.x + box.width / 2), coordinate(box.y + box.height / 2),
                       escape_markup(label));
  }
  return svg + "</svg>\n";
}

}  // namespace lathe::report
