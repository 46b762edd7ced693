#include "report/bench_page.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/chart.h"
#include "report/test_bench.h"
#include "report/test_page.h"

namespace lathe::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(BenchPageTest, HasEveryPart) {
  const std::string page = to_html(test_bench_page());
  expect_sound(page);
  for (const char* id :
       {"ratios", "latency", "throughput", "memory", "numbers", "method", "system", "commands"}) {
    EXPECT_THAT(page, HasSubstr(std::string("<section id=\"") + id + "\">"));
  }
  EXPECT_THAT(page, Not(HasSubstr("id=\"failures\"")));
  EXPECT_THAT(page, Not(HasSubstr("id=\"batches\"")));
  EXPECT_EQ(count(page, "<th scope=\"row\""), 12U);
  EXPECT_THAT(page, HasSubstr("<dt>onnxruntime</dt><dd>1.2</dd>"));
  EXPECT_THAT(page, HasSubstr("computed by the provider cpu"));
  EXPECT_THAT(page, HasSubstr("not settled"));
  EXPECT_THAT(page, HasSubstr("0.74–0.78"));
}

TEST(BenchPageTest, ShowsBatchesAsLinesWithTheBound) {
  const std::string page = to_html(test_batch_page());
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("id=\"batches\""));
  EXPECT_THAT(page, Not(HasSubstr("id=\"latency\"")));
  EXPECT_THAT(page, HasSubstr("Within 5.00"));
  EXPECT_THAT(page, HasSubstr("native: batch 4"));
  EXPECT_THAT(page, HasSubstr("bound"));
}

TEST(BenchPageTest, ShowsFailuresWithTheirReasons) {
  BenchPage page;
  page.report.failures.push_back(test_failure("x.onnx", "cannot load libopenvino_c.so"));
  const std::string html = to_html(page);
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("cannot load libopenvino_c.so"));
  EXPECT_THAT(html, Not(HasSubstr("id=\"numbers\"")));
}

TEST(BenchPageTest, TheBackendThatOthersAreComparedWithMayLackRows) {
  BenchPage page = test_bench_page();
  page.report.results.erase(page.report.results.begin());  // cnn.onnx, native
  page.report.results[0].ratio = page.report.results[1].ratio = std::nullopt;
  page.report.results[0].ratio_to = page.report.results[1].ratio_to = "";
  const std::string html = to_html(page);
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("Against native"));
  EXPECT_THAT(headline(page), HasSubstr("times as fast as native, over 3 models"));
}

TEST(BenchPageTest, EscapesNames) {
  BenchPage page = test_bench_page();
  const std::string evil = "\"><script>alert(1)</script>&";
  for (measure::BenchResult& result : page.report.results) {
    result.model += evil;
    result.backend += evil;
    result.backend_version = evil;
    result.notes = {evil};
    if (result.ratio) result.ratio_to += evil;
  }
  page.report.failures.push_back(test_failure(evil, evil));
  page.title = page.command = page.generated_at = evil;
  page.system.emplace_back(evil, evil);
  const std::string html = to_html(page);
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
}

TEST(BenchHeadlineTest, SaysWhatWasFound) {
  EXPECT_EQ(headline(test_bench_page()),
            "onnxruntime is 0.92 and openvino 0.95 times as fast as native, over 4 models.");
  EXPECT_EQ(headline(test_batch_page()), "openvino is 0.83 times as fast as native.");
  BenchPage page;
  EXPECT_EQ(headline(page), "");
  page.report.results = {test_row("dir/a.onnx", "native", 0.0262)};
  EXPECT_EQ(headline(page), "a.onnx takes 26.2 µs with native.");
  page.report.results.push_back(test_row("b.onnx", "native", 0.0131));
  page.report.results[1].ratio = test_ratio(2);
  page.report.results[1].ratio_to = "dir/a.onnx";
  EXPECT_EQ(headline(page), "b.onnx is 2.00 times as fast as a.onnx.");
}

TEST(RangeChartTest, LeavesOutWhatIsNoRatio) {
  EXPECT_EQ(to_svg(RangeChart{}), "");
  EXPECT_EQ(to_svg(RangeChart{.rows = {{.label = "a", .value = 0}}}), "");
  const std::string svg =
      to_svg(RangeChart{.title = "t",
                        .rows = {{.label = "a", .value = 2, .low = 1.9, .high = 2.2},
                                 {.label = "b", .value = NAN},
                                 {.label = "c", .value = 0.5}}});
  EXPECT_EQ(count(svg, "<circle"), 2U);
  EXPECT_EQ(count(svg, "class=\"spread"), 1U);
  EXPECT_THAT(svg, HasSubstr("a 2.0×, 1.90× to 2.2×"));
}

}  // namespace
}  // namespace lathe::report
