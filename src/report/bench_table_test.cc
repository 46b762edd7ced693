#include "report/bench_table.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/bench_labels.h"
#include "report/test_bench.h"
#include "report/text_table.h"

namespace lathe::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    all.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return all;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST(BenchTextTest, ShowsEveryRow) {
  const std::string text = bench_text(test_bench_page().report, {}, false, 140);
  EXPECT_THAT(text, HasSubstr("All rows: 1 thread, batch 1."));
  EXPECT_EQ(count(text, "mobilenet_v2.onnx"), 3U);
  EXPECT_THAT(text, HasSubstr("0.75× (0.74–0.78)"));
  EXPECT_THAT(text, HasSubstr("0.0262"));
  EXPECT_THAT(text, HasSubstr("~4.92"));
  EXPECT_THAT(text, HasSubstr("had not settled"));
  EXPECT_THAT(text, HasSubstr("times as fast as native"));
  EXPECT_THAT(text, HasSubstr("cnn.onnx, onnxruntime: computed by the provider cpu"));
  EXPECT_THAT(text, Not(HasSubstr("Left out")));
  for (const std::string& line : lines(text)) EXPECT_LE(display_width(line), 140) << line;
}

TEST(BenchTextTest, LeavesOutTheLeastWhereRoomIsShort) {
  measure::BenchReport report = test_bench_page().report;
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    measure::BenchResult& result = report.results[i];
    result.model = "a/long/path/with-a-name-of-many-letters-" + result.model.substr(7);
    result.threads = i % 2 == 0 ? 1 : 16;
    result.streams = i % 3 == 0 ? 1 : 4;
    result.batch = static_cast<std::int64_t>(1 + i);
  }
  EXPECT_THAT(bench_text(report, {}, false, 0), Not(HasSubstr("Left out")));
  const std::string text = bench_text(report, {}, false, 140);
  EXPECT_THAT(text, HasSubstr("Left out for room: first ms"));
  EXPECT_THAT(text, HasSubstr("p99"));
  EXPECT_THAT(text, HasSubstr("streams"));
  for (const std::string& line : lines(text)) EXPECT_LE(display_width(line), 140) << line;
}

TEST(BenchTextTest, FitsATerminal) {
  BenchPage page = test_bench_page();
  page.report.failures.push_back(test_failure("x.onnx", fmt::format("{:r<100} and a reason", "")));
  const std::string longest = "a-model-with-a-name-of-fortyfour-letters.onnx";
  page.report.results[0].model = longest;
  for (const int width : {60, 80, 120}) {
    const std::string text = bench_text(page.report, page.best_batches, false, width);
    for (const std::string& line : lines(text)) EXPECT_LE(display_width(line), width) << line;
    EXPECT_THAT(text, HasSubstr("p50 ms"));
    EXPECT_THAT(text, HasSubstr("0.75× (0.74–0.78)"));
  }
  EXPECT_THAT(bench_text(page.report, {}, false, 0), HasSubstr(longest));
}

TEST(BenchTextTest, TimesShareAUnitThatSuitsThem) {
  measure::BenchReport report;
  report.results = {test_row("a.onnx", "native", 0.0262), test_row("b.onnx", "native", 0.4)};
  const std::string text = bench_text(report, {}, false, 0);
  EXPECT_THAT(text, HasSubstr("p50 µs"));
  EXPECT_THAT(text, HasSubstr("26.2"));
  EXPECT_THAT(text, HasSubstr("400"));
  EXPECT_THAT(text, HasSubstr("load ms"));
}

TEST(BenchTextTest, NamesTheBestBatchesAndWhatFailed) {
  BenchPage page = test_batch_page();
  page.report.failures.push_back(test_failure("x.onnx", "no library"));
  const std::string text = bench_text(page.report, page.best_batches, false, 0);
  EXPECT_THAT(text, HasSubstr("resnet8.onnx, native: batch 4 is best within 5.00 ms"));
  EXPECT_THAT(text, HasSubstr("failed: x.onnx, openvino: no library"));
  page.best_batches = measure::best_batches(page.report.results, 0.1);
  EXPECT_THAT(bench_text(page.report, page.best_batches, false, 0),
              HasSubstr("resnet8.onnx, openvino: no batch keeps p99 within 100 µs"));
  EXPECT_EQ(bench_text({}, {}, false, 0), "");
}

TEST(BenchCsvTest, QuotesWhatNeedsIt) {
  measure::BenchReport report;
  report.results.push_back(test_row("a,\"b\"\n.onnx", "native", 2));
  report.results.push_back(test_row("c.onnx", "native", 4));
  report.results[1].ratio = test_ratio(0.5);
  report.results[1].ratio_to = "a";
  report.failures.push_back(test_failure("d.onnx", "why, then"));
  const std::string csv = bench_csv(report);
  EXPECT_THAT(csv, testing::StartsWith("model,backend,backend_version,threads,batch,"));
  EXPECT_THAT(csv, HasSubstr("\r\n\"a,\"\"b\"\"\n.onnx\",native,1.2,1,1,1,f32,1200,12,true,"));
  EXPECT_THAT(csv, HasSubstr(",0.5,0.49,0.515,a,,,\r\n"));
  EXPECT_THAT(csv, HasSubstr("\r\nd.onnx,openvino,,1,1,1,,"));
  EXPECT_TRUE(csv.ends_with(",\"why, then\"\r\n"));
}

TEST(BenchLabelsTest, NamesRowsByWhatDiffers) {
  measure::BenchReport report;
  report.results = {test_row("x/a.onnx", "native", 1, 2)};
  EXPECT_EQ(BenchLabels(report).row(report.results[0]), "a.onnx");
  EXPECT_EQ(BenchLabels(report).common(), "a.onnx, native, 1 thread, batch 2");
  report.results.push_back(test_row("y/a.onnx", "openvino", 1, 4));
  report.results.push_back(test_row("b.onnx", "native", 1, 4));
  const BenchLabels labels(report);
  EXPECT_EQ(labels.row(report.results[0]), "x/a.onnx, native, batch 2");
  EXPECT_EQ(labels.row(report.results[2]), "b.onnx, native, batch 4");
  EXPECT_EQ(labels.common(), "1 thread");
  EXPECT_EQ(format_spread(test_ratio(12)), "12.0× (11.8–12.4)");
  EXPECT_EQ(format_spread(measure::Ratio{2, std::nullopt}), "2.00×");
  EXPECT_EQ(format_spread(test_ratio(0.0035)), "0.0035× (0.0034–0.0036)");
  EXPECT_EQ(format_spread(std::nullopt), "");
}

}  // namespace
}  // namespace lathe::report
