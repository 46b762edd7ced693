// What line and scatter charts share: the picture's frame, text that is measured, axes, markers.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "report/axis_scale.h"

namespace lathe::report {

// The user units of charts that scale with the page. At this width, a third of a wide page and the
// whole of a phone show text at about its nominal size.
inline constexpr double kChartWidth = 400;
inline constexpr double kChartHeight = 270;
// Colours and dashes repeat after this many series.
inline constexpr std::size_t kSeriesStyles = 6;

struct Rectangle {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  [[nodiscard]] double right() const { return x + width; }
  [[nodiscard]] double bottom() const { return y + height; }
  [[nodiscard]] bool overlaps(const Rectangle& other) const {
    return x < other.right() && other.x < right() && y < other.bottom() && other.y < bottom();
  }
};

// About how wide `text` is drawn in the font size of charts; rather too much than too little.
double text_width(std::string_view text);

// <svg ...><title>...</title><desc>...</desc> and the visible title.
std::string open_chart(std::string_view title, std::string_view description);

// Adds a legend line by line from `top` on, within `width`; returns where it ends. The first name
// has the colour of series `first_style`.
enum class LegendMark { kLine, kBox };
double add_legend(std::string& svg, std::span<const std::string> names, LegendMark mark, double top,
                  double width, std::size_t first_style = 0);

// A marker of series `style`: circle, square, triangle or diamond. `tooltip` may be empty.
std::string marker(std::size_t style, double x, double y, double radius, std::string_view tooltip);

// The axes of a chart whose title and legend end at `top`. Gives the area left for the data.
struct Axes {
  const AxisScale& x;
  const AxisScale& y;
  const AxisScale* secondary = nullptr;
};
Rectangle add_axes(std::string& svg, const Axes& axes, double top);

// A coordinate with as many digits as one can see.
std::string coordinate(double value);

// "loss 0.31", for descriptions and tooltips.
std::string describe(const Axis& axis, double value);

}  // namespace lathe::report
