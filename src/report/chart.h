// Charts as SVG text, to be put into an HTML page or saved as a file.
//
//   LineChart chart{.title = "Loss", .x = {.title = "epoch"}, .y = {.title = "loss"}};
//   chart.series.push_back({.name = "training", .points = {{1, 2.1}, {2, 1.4}}});
//   page += to_svg(chart);
//
// Every chart carries a title and a description for screen readers, escapes all text that it is
// given, and leaves out points that are not finite. Colours come from CSS custom properties that
// chart_style() sets, for light and dark; they follow Okabe and Ito, "Color Universal Design"
// (2008), and series differ in dashes and markers too. A chart without a single finite value is an
// empty string, so that the page can leave it out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/format.h"

namespace lathe::report {

struct Axis {
  std::string title = {};  // with its unit, unless the format names it: "latency per image"
  ValueFormat format = ValueFormat::kNumber;
  bool from_zero = false;    // the axis begins at 0, or ends there where all values are negative
  bool logarithmic = false;  // values that are not positive are left out
  // Ticks at whole numbers only, e.g. epochs; on a logarithmic axis at powers of two.
  bool integers = false;
  // The axis shows at least this range, so that a difference that does not matter looks small.
  double min_span = 0;
};

struct ChartPoint {
  double x = 0;
  double y = 0;
};

struct LineSeries {
  std::string name = {};
  std::vector<ChartPoint> points = {};  // a point that is not finite interrupts the line
  bool secondary = false;               // belongs to the axis on the right
};

// Lines over a common x axis; with `secondary` a second y axis on the right.
struct LineChart {
  std::string title = {};
  std::string description = {};  // made from the data where empty
  Axis x = {};
  Axis y = {};
  std::optional<Axis> secondary = {};
  std::vector<LineSeries> series = {};
};
std::string to_svg(const LineChart& chart);

struct ScatterPoint {
  std::string label = {};
  double x = 0;
  double y = 0;
  double weight = 0;  // area of the bubble relative to the others; 0 draws a plain marker
};

// Labelled points. With `connect` an arrow leads from each point to the next: before and after.
struct ScatterChart {
  std::string title = {};
  std::string description = {};  // made from the data where empty
  Axis x = {};
  Axis y = {};
  std::vector<ScatterPoint> points = {};
  bool connect = false;
};
std::string to_svg(const ScatterChart& chart);

struct BarRow {
  std::string label = {};
  std::string note = {};            // shown small behind the label, e.g. the operator
  std::vector<double> values = {};  // one for each series, not negative; NaN is an absent bar
  std::size_t style = 0;            // the colour of the first series' bar, as that of a series
};

// Horizontal bars in groups, one row below the other, from zero. Text keeps its size however wide
// the page is.
struct BarChart {
  std::string title = {};
  std::string description = {};  // made from the data where empty
  std::vector<std::string> series = {};
  ValueFormat format = ValueFormat::kNumber;
  std::vector<BarRow> rows = {};
};
std::string to_svg(const BarChart& chart);

struct RangeRow {
  std::string label = {};
  std::string note = {};  // shown small before the label
  double value = 0;       // positive
  double low = 0;         // of its spread; 0 where it is not known
  double high = 0;
  std::size_t series = 0;  // which of the chart it belongs to
};

// Ratios with their spread, one row below the other, around a line at 1; on a logarithmic scale
// where they differ much. Text keeps its size however wide the page is.
struct RangeChart {
  std::string title = {};
  std::string description = {};          // made from the data where empty
  std::vector<std::string> series = {};  // from two on there is a legend
  std::size_t first_style = 0;           // the colour of the first series
  std::vector<RangeRow> rows = {};
};
std::string to_svg(const RangeChart& chart);

struct RooflinePoint {
  std::string label = {};
  double intensity = 0;     // operations per byte, positive
  double gflops = 0;        // 10^9 operations per second, positive
  double weight = 0;        // area of the marker relative to the others
  std::size_t ceiling = 0;  // which of the chart it is under
};

// What was reached over the operations per byte, both logarithmic, under what can be reached:
// horizontal lines of arithmetic, slanting ones of memory.
struct RooflineChart {
  struct Roof {
    std::string name = {};
    double rate = 0;  // positive: 10^9 operations, or bytes, per second
  };
  std::string title = {};
  std::string description = {};  // made from the data where empty
  std::vector<Roof> ceilings = {};
  std::vector<Roof> slopes = {};
  std::vector<RooflinePoint> points = {};
};
std::string to_svg(const RooflineChart& chart);

// The CSS that charts need, once on a page.
std::string_view chart_style();
// `svg` with chart_style() inside, as the content of an .svg file.
std::string svg_file(std::string_view svg);

}  // namespace lathe::report
