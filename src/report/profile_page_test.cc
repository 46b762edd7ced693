#include "report/profile_page.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/chart.h"
#include "report/test_page.h"
#include "report/test_profile.h"

namespace lathe::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ProfilePageTest, HasEveryPart) {
  const std::string page = to_html(test_roofline_page());
  expect_sound(page);
  for (const char* id : {"interpreter", "operators", "layers", "nodes", "roofline", "method",
                         "system", "commands"}) {
    EXPECT_THAT(page, HasSubstr(std::string("<section id=\"") + id + "\">"));
  }
  EXPECT_THAT(page, HasSubstr("net.onnx takes 10.0 ms: 60 % of it Conv+Relu."));
  EXPECT_THAT(page, HasSubstr("20.0 %: NonMaxSuppression, its shapes depend on values (tail/nms)"));
  EXPECT_THAT(page, HasSubstr("4000 GOP/s by AMX (800 without)"));
  EXPECT_EQ(count(page, "<th scope=\"row\""), 3U);
}

TEST(ProfilePageTest, LeavesOutWhatWasNotMeasured) {
  ProfilePage page = test_profile_page();
  page.profile.steps.pop_back();
  page.profile.layers.clear();
  const std::string html = to_html(page);
  expect_sound(html);
  for (const char* id : {"interpreter", "layers", "roofline"})
    EXPECT_THAT(html, Not(HasSubstr(std::string("<section id=\"") + id + "\">")));
  expect_sound(to_html(ProfilePage{}));
}

TEST(ProfilePageTest, EscapesNames) {
  ProfilePage page = test_roofline_page();
  const std::string evil = "\"><script>alert(1)</script>&";
  page.title = {evil, evil};
  page.command = page.generated_at = evil;
  page.system.emplace_back(evil, evil);
  page.profile.notes = {evil};
  page.profile.backend_version = evil;
  page.profile.roofline->int8_instructions = evil;
  for (measure::ProfiledStep& step : page.profile.steps) {
    step.step.name += evil;
    step.step.op_type += evil;
    step.step.kernel += evil;
    step.layer += evil;
    if (!step.step.missing.empty()) step.step.missing += evil;
  }
  for (measure::ProfiledGroup& group : page.profile.operators) group.name += evil;
  for (measure::ProfiledGroup& group : page.profile.layers) group.name += evil;
  const std::string html = to_html(page);
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
}

TEST(ProfilePageTest, ShowsModelsOfAnySize) {
  ProfilePage page = test_roofline_page();
  for (int i = 0; i < 500; ++i) {
    page.profile.steps.push_back(page.profile.steps[static_cast<std::size_t>(i % 3)]);
    page.profile.layers.push_back({std::to_string(i), 1, page.profile.steps[0].work});
  }
  const std::string html = to_html(page);
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("Time of the 40 longest of 503 nodes"));
  EXPECT_THAT(html, HasSubstr("478 others"));
}

TEST(RooflineChartTest, DrawsWhatIsPositive) {
  EXPECT_EQ(to_svg(RooflineChart{}), "");
  RooflineChart chart{.title = "t",
                      .ceilings = {{"float32", 100}},
                      .slopes = {{"memory", 10}},
                      .points = {{"a", 2, 15, 1, 0}, {"b", NAN, 3}, {"c", 3, 0}, {"d", 50, 90}}};
  std::string svg = to_svg(chart);
  EXPECT_EQ(count(svg, "<circle"), 2U);
  EXPECT_EQ(count(svg, "class=\"arrow\""), 2U);
  EXPECT_THAT(svg, HasSubstr("a: 15.0 GFLOP/s at 2 operations per byte"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  chart.ceilings.clear();
  chart.slopes.clear();
  svg = to_svg(chart);
  EXPECT_EQ(count(svg, "<circle"), 2U);
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

}  // namespace
}  // namespace lathe::report
