#include "report/chart.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "base/progress.h"
#include "report/axis_scale.h"

namespace lathe::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> labels(const AxisScale& scale) {
  std::vector<std::string> out;
  for (const Tick& tick : scale.ticks()) out.push_back(tick.label);
  return out;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

// What every chart owes: one closed picture, elements in balance, no numbers that are none.
void expect_well_formed(const std::string& svg) {
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  for (const std::string element : {"svg", "text", "g", "title", "desc", "tspan"}) {
    EXPECT_EQ(count(svg, "<" + element + " ") + count(svg, "<" + element + ">"),
              count(svg, "</" + element + ">"))
        << element;
  }
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_THAT(svg, HasSubstr("role=\"img\""));
}

LineChart line_chart(std::vector<ChartPoint> points) {
  LineChart chart{.title = "Loss", .x = {.title = "epoch", .integers = true}};
  chart.series.push_back({.name = "training", .points = std::move(points)});
  return chart;
}

TEST(AxisScaleTest, RoundTicks) {
  const AxisScale scale({}, 0.13, 0.98, true, 4);
  EXPECT_THAT(labels(scale), ElementsAre("0.00", "0.25", "0.50", "0.75", "1.00"));
  EXPECT_DOUBLE_EQ(scale.share(0.5), 0.5);
}

TEST(AxisScaleTest, UnitsGoIntoTheTitle) {
  const AxisScale bytes({.title = "file size", .format = ValueFormat::kBytes, .from_zero = true},
                        55e3, 198e3, true, 4);
  EXPECT_EQ(bytes.title(), "file size (KB)");
  EXPECT_THAT(labels(bytes), ElementsAre("0", "50", "100", "150", "200"));
  const AxisScale time({.title = "latency", .format = ValueFormat::kMilliseconds}, 0.01, 0.05, true,
                       4);
  EXPECT_EQ(time.title(), "latency (µs)");
}

TEST(AxisScaleTest, SharesStayBetweenNoneAndAll) {
  const Axis axis{.format = ValueFormat::kPercent, .min_span = 0.02};
  const AxisScale scale(axis, 0.998, 0.999, true, 4);
  EXPECT_EQ(scale.ticks().back().label, "100.0 %");
  EXPECT_LE(scale.share(0.998), 0.95);
  EXPECT_GE(scale.share(0.998), 0.85);
}

TEST(AxisScaleTest, WholeNumbersOnly) {
  EXPECT_THAT(labels(AxisScale({.integers = true}, 1, 3, false, 6)), ElementsAre("1", "2", "3"));
  EXPECT_THAT(labels(AxisScale({.integers = true}, 1, 1, false, 6)), ElementsAre("1"));
}

TEST(AxisScaleTest, PowersOfTwo) {
  const Axis axis{.logarithmic = true, .integers = true};
  EXPECT_THAT(labels(AxisScale(axis, 1, 16, false, 6)), ElementsAre("1", "2", "4", "8", "16"));
  EXPECT_THAT(labels(AxisScale(axis, 3, 3, false, 6)), ElementsAre("2", "4"));
  EXPECT_LE(labels(AxisScale(axis, 1, 1e9, false, 6)).size(), 7U);
  const AxisScale scale(axis, 1, 16, false, 6);
  EXPECT_DOUBLE_EQ(scale.share(4), 0.5);
}

TEST(AxisScaleTest, LogarithmicTicks) {
  const AxisScale scale({.logarithmic = true}, 1, 1000, true, 4);
  EXPECT_THAT(labels(scale), ElementsAre("1", "10", "100", "1000"));
  EXPECT_NEAR(scale.share(10), 1.0 / 3, 1e-12);
  EXPECT_FALSE(AxisScale::can_show({.logarithmic = true}, 0));
}

TEST(AxisScaleTest, ExtremeRangesGiveFewFiniteTicks) {
  for (const auto& [low, high] : std::initializer_list<std::pair<double, double>>{
           {0, 0}, {5, 5}, {-3, -3}, {-1e149, 1e149}, {0, 1e-300}, {1e15, 1e15 + 1}, {-7, 1e9}}) {
    for (const bool integers : {false, true}) {
      const AxisScale scale({.integers = integers}, low, high, true, 4);
      EXPECT_LE(scale.ticks().size(), 13U) << low << " " << high;
      EXPECT_TRUE(std::isfinite(scale.share(low)));
      EXPECT_TRUE(std::isfinite(scale.share(high)));
    }
  }
  EXPECT_FALSE(AxisScale::can_show({}, 1e300));
  EXPECT_FALSE(AxisScale::can_show({}, kNan));
}

TEST(LineChartTest, DrawsEachSeriesAndSaysWhatItShows) {
  LineChart chart = line_chart({{1, 2.5}, {2, 1.5}, {3, 1}});
  chart.series.push_back({.name = "validation", .points = {{1, 2.25}, {2, 1.75}, {3, 1.5}}});
  const std::string svg = to_svg(chart);
  expect_well_formed(svg);
  EXPECT_THAT(svg, HasSubstr("<title>Loss</title>"));
  EXPECT_THAT(svg, HasSubstr("<desc>training: 2.5 at epoch 1, 1 at epoch 3; validation: 2.25"));
  EXPECT_THAT(svg, HasSubstr(">training</text>"));
  EXPECT_THAT(svg, HasSubstr(">validation</text>"));
  EXPECT_THAT(svg, HasSubstr("class=\"line s1\""));
}

TEST(LineChartTest, SecondAxis) {
  LineChart chart = line_chart({{1, 2.5}, {2, 1.5}});
  chart.secondary = Axis{.title = "rate", .from_zero = true};
  chart.series.push_back({.name = "rate", .points = {{1, 0.1}, {2, 0.2}}, .secondary = true});
  const std::string svg = to_svg(chart);
  expect_well_formed(svg);
  EXPECT_THAT(svg, HasSubstr(">0.20</text>"));
  EXPECT_THAT(svg, HasSubstr(">2.50</text>"));
}

TEST(LineChartTest, GapsInterruptTheLine) {
  const std::string svg =
      to_svg(line_chart({{1, 1}, {2, 2}, {3, kNan}, {4, 2}, {5, kInfinity}, {6, 1}, {7, 2}}));
  expect_well_formed(svg);
  const std::size_t at = svg.find("class=\"line s0\"");
  const std::string path = svg.substr(at, svg.find("/>", at) - at);
  EXPECT_EQ(count(path, "M"), 3U);
  EXPECT_EQ(count(path, "L"), 2U);
}

TEST(LineChartTest, SinglePointAndConstantLine) {
  const std::string single = to_svg(line_chart({{1, 0.5}}));
  expect_well_formed(single);
  EXPECT_EQ(count(single, "<circle"), 1U);
  expect_well_formed(to_svg(line_chart({{1, 0}, {2, 0}})));
}

TEST(LineChartTest, ManyPointsHaveNoMarkers) {
  std::vector<ChartPoint> points;
  for (int i = 1; i <= 1000; ++i) points.push_back({static_cast<double>(i), std::sin(i * 0.01)});
  EXPECT_EQ(count(to_svg(line_chart(points)), "<circle"), 0U);
}

TEST(ChartTest, NothingToShowIsEmpty) {
  EXPECT_EQ(to_svg(LineChart{}), "");
  EXPECT_EQ(to_svg(line_chart({{1, kNan}, {kNan, 1}})), "");
  EXPECT_EQ(to_svg(ScatterChart{}), "");
  EXPECT_EQ(to_svg(ScatterChart{.points = {{.label = "a", .x = kNan, .y = 1}}}), "");
  EXPECT_EQ(to_svg(BarChart{}), "");
  EXPECT_EQ(to_svg(BarChart{.series = {"a"}, .rows = {{.label = "r", .values = {kNan}}}}), "");
  EXPECT_EQ(to_svg(BarChart{.series = {"a"}, .rows = {{.label = "r", .values = {-1}}}}), "");
}

TEST(ChartTest, HostileNamesStayText) {
  const std::string name = "<script>alert(1)</script>\"'&\x01\xff";
  LineChart line = line_chart({{1, 1}, {2, 2}});
  line.title = line.x.title = line.y.title = line.series[0].name = name;
  line.series.push_back(line.series[0]);
  const ScatterChart scatter{.title = name,
                             .x = {.title = name},
                             .y = {.title = name},
                             .points = {{.label = name, .x = 1, .y = 1}}};
  const BarChart bars{.title = name,
                      .series = {name, name},
                      .rows = {{.label = name, .note = name, .values = {1, 2}}}};
  for (const std::string& svg : {to_svg(line), to_svg(scatter), to_svg(bars)}) {
    expect_well_formed(svg);
    EXPECT_THAT(svg, Not(HasSubstr("<script")));
    EXPECT_THAT(svg, HasSubstr("&lt;script&gt;"));
    EXPECT_THAT(svg, Not(HasSubstr("\x01")));
  }
}

TEST(ScatterChartTest, LabelsAndArrows) {
  const ScatterChart chart{.title = "Accuracy against size",
                           .x = {.title = "size", .format = ValueFormat::kBytes, .from_zero = true},
                           .y = {.title = "top-1", .format = ValueFormat::kPercent},
                           .points = {{.label = "float32", .x = 198e3, .y = 0.912},
                                      {.label = "int8", .x = 55e3, .y = 0.911}},
                           .connect = true};
  const std::string svg = to_svg(chart);
  expect_well_formed(svg);
  EXPECT_THAT(svg, HasSubstr(">float32</text>"));
  EXPECT_THAT(svg, HasSubstr("<desc>float32: size " + format_bytes(198e3) +
                             ", top-1 91.20 %; int8: size "));
  EXPECT_EQ(count(svg, "class=\"arrow\""), 1U);
}

TEST(ScatterChartTest, BubblesGrowWithTheirWeight) {
  const ScatterChart chart{.points = {{.label = "a", .x = 1, .y = 1, .weight = 400},
                                      {.label = "b", .x = 2, .y = 2},
                                      {.label = "c", .x = 2, .y = 2, .weight = kNan}}};
  const std::string svg = to_svg(chart);
  expect_well_formed(svg);
  EXPECT_THAT(svg, HasSubstr("r=\"18\""));
}

TEST(BarChartTest, GroupsOfBars) {
  const BarChart chart{.title = "Time",
                       .series = {"float", "int8"},
                       .format = ValueFormat::kMilliseconds,
                       .rows = {{.label = "conv1", .note = "Conv", .values = {2, 1}},
                                {.label = "relu", .values = {0.5, kNan}},
                                {.label = "short row", .values = {}}}};
  const std::string svg = to_svg(chart);
  expect_well_formed(svg);
  EXPECT_EQ(count(svg, "class=\"bar "), 3U);
  EXPECT_THAT(svg, HasSubstr("<title>conv1 (Conv), float 2.00 ms, int8 1.00 ms</title>"));
  EXPECT_THAT(svg, HasSubstr("width=\"51.000%\""));
  EXPECT_THAT(svg, HasSubstr("width=\"25.500%\""));
}

TEST(BarChartTest, ManyRowsAndLongNames) {
  BarChart chart{.title = "Time", .series = {"float"}};
  for (int i = 0; i < 500; ++i) {
    chart.rows.push_back({.label = std::string(300, 'x') + std::to_string(i), .values = {0.0}});
  }
  const std::string svg = to_svg(chart);
  expect_well_formed(svg);
  EXPECT_EQ(count(svg, "class=\"bar "), 500U);
  EXPECT_THAT(svg, HasSubstr("xx499</text>"));
}

TEST(ChartTest, FileCarriesItsStyle) {
  const std::string file = svg_file(to_svg(line_chart({{1, 1}, {2, 2}})));
  EXPECT_TRUE(file.starts_with("<?xml"));
  EXPECT_THAT(file, HasSubstr("prefers-color-scheme: dark"));
}

}  // namespace
}  // namespace lathe::report
