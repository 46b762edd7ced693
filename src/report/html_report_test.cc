#include "report/html_report.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <regex>

#include "base/progress.h"
#include "report/comparison.h"
#include "report/test_report.h"

namespace lathe::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

std::string body(const std::string& page) { return page.substr(page.find("<body>")); }

// Elements in balance, nothing fetched from outside, no number that is none.
void expect_sound(const std::string& page) {
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  for (const std::string element :
       {"section", "table",      "tr",   "td",  "th",   "p",      "ul",    "li",
        "figure",  "figcaption", "dl",   "dt",  "dd",   "svg",    "text",  "span",
        "details", "pre",        "code", "div", "main", "header", "footer"}) {
    EXPECT_EQ(count(page, "<" + element + " ") + count(page, "<" + element + ">"),
              count(page, "</" + element + ">"))
        << element;
  }
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)=\"(?!data:)")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("url(")));
  const std::regex not_a_number("[^a-z](nan|inf)[^a-z]", std::regex::icase);
  EXPECT_FALSE(std::regex_search(body(page), not_a_number));
}

Report two_models(ModelSummary before, ModelSummary after) {
  Report report;
  before.name = "float32";
  after.name = "int8";
  report.models = {before, after};
  return report;
}

TEST(HeadlineTest, SaysWhatChanged) {
  EXPECT_EQ(
      headline(test_report()),
      "int8 is 3.6× smaller and 2.1× faster than float32, and loses 0.12 points of accuracy.");
}

TEST(HeadlineTest, FindsTheWordsForEveryOutcome) {
  const ModelSummary base{.top1 = 0.9, .size_bytes = 1000, .p50_ms = 1};
  const auto say = [&](const ModelSummary& after) { return headline(two_models(base, after)); };
  EXPECT_EQ(say({.top1 = 0.91, .size_bytes = 2000, .p50_ms = 1.5}),
            "int8 is 2.0× larger and 1.50× slower than float32, and gains 1.00 point of accuracy.");
  EXPECT_EQ(say({.top1 = 0.9, .size_bytes = 250, .p50_ms = 1.01}),
            "int8 is 4.0× smaller than float32 and about as fast, and keeps its accuracy.");
  EXPECT_EQ(say({.top1 = 0.9, .size_bytes = 1000, .p50_ms = 1}),
            "int8 is about as large and as fast as float32, and keeps its accuracy.");
  EXPECT_EQ(say({.top1 = 0.88}), "int8 loses 2.00 points of accuracy against float32.");
  EXPECT_EQ(say({.size_bytes = 500}), "int8 is 2.0× smaller than float32.");
  EXPECT_EQ(say({.mean_ms = 0.25}), "int8 is 4.0× faster than float32.");
  EXPECT_EQ(say({}), "");
  EXPECT_EQ(say({.top1 = kInfinity, .size_bytes = 0, .p50_ms = -1}), "");
}

TEST(HeadlineTest, NeedsTwoModels) {
  Report report;
  EXPECT_EQ(headline(report), "");
  report.models.push_back({.name = "float32", .top1 = 0.9, .size_bytes = 10, .p50_ms = 1});
  EXPECT_EQ(headline(report), "");
}

TEST(ComparisonTest, AccuracyWithinChanceIsNeutral) {
  EXPECT_EQ(compare_accuracy(0.9187, 0.9175, 10000).verdict, Verdict::kNeutral);
  EXPECT_EQ(compare_accuracy(0.9187, 0.9175, 10000).text, "−0.12 points");
  EXPECT_EQ(compare_accuracy(0.92, 0.90, 10000).verdict, Verdict::kWorse);
  EXPECT_EQ(compare_accuracy(0.90, 0.92, 10000).verdict, Verdict::kBetter);
  EXPECT_EQ(compare_accuracy(0.92, 0.90, 100).verdict, Verdict::kNeutral);
  EXPECT_EQ(compare_accuracy(0.92, 0.50, -1).verdict, Verdict::kNeutral);
  EXPECT_EQ(compare_accuracy(kUnknown, 0.5, 100).text, "");
  EXPECT_NEAR(accuracy_margin(0.9, 10000), 0.00588, 1e-5);
}

TEST(ComparisonTest, Ratios) {
  const Direction size{"smaller", "larger"};
  EXPECT_EQ(compare_ratio(100, 25, size).text, "4.0× smaller");
  EXPECT_EQ(compare_ratio(100, 25, size).verdict, Verdict::kBetter);
  EXPECT_EQ(compare_ratio(25, 100, size).verdict, Verdict::kWorse);
  EXPECT_EQ(compare_ratio(100, 101, size).verdict, Verdict::kNeutral);
  EXPECT_EQ(compare_ratio(0, 100, size).text, "");
  EXPECT_EQ(compare_ratio(10, 20, {"lower", "higher", false}).verdict, Verdict::kBetter);
}

TEST(HtmlReportTest, ShowsEverything) {
  const std::string page = to_html(test_report());
  expect_sound(page);
  for (const char* id :
       {"models", "tradeoff", "layers", "history", "examples", "system", "commands"}) {
    EXPECT_THAT(page, HasSubstr(std::string("<section id=\"") + id + "\">"));
  }
  EXPECT_THAT(page, HasSubstr("91.75 %"));
  EXPECT_THAT(page, HasSubstr(format_bytes(55120)));
  EXPECT_THAT(page, HasSubstr("3.6× smaller"));
  EXPECT_THAT(page, HasSubstr("±0.54 points"));
  EXPECT_THAT(page, HasSubstr("All 15 layers as a table"));
  EXPECT_THAT(page, HasSubstr("Of 13 measured in both, 1 is slower in int8."));
  EXPECT_THAT(page, HasSubstr("14 of these 16 are right."));
  EXPECT_THAT(page, HasSubstr("src=\"data:image/png;base64,iVBORw0KGgo"));
  EXPECT_THAT(page, HasSubstr("lathe train --arch cnn"));
  EXPECT_THAT(page, HasSubstr("2026-11-21 10:14"));
  EXPECT_EQ(count(page, "<svg class=\"chart\""), 5U);
  EXPECT_EQ(count(page, "<svg class=\"chart bars\""), 2U);
}

TEST(HtmlReportTest, EmptyReportIsAPage) {
  const std::string page = to_html({});
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<h1>Lathe report</h1>"));
  EXPECT_EQ(count(page, "<section"), 0U);
}

TEST(HtmlReportTest, OneModelHasNoComparison) {
  Report report = test_report();
  report.models.resize(1);
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<h2>The model</h2>"));
  EXPECT_THAT(page, HasSubstr("<h1>cnn on Fashion-MNIST</h1>"));
  EXPECT_THAT(page, Not(HasSubstr("change</th>")));
  EXPECT_THAT(page, Not(HasSubstr("id=\"tradeoff\"")));
}

TEST(HtmlReportTest, ThreeModelsShowTheirChangesInPlace) {
  Report report = test_report();
  report.models.insert(report.models.begin() + 1,
                       ModelSummary{.name = "pruned", .top1 = 0.915, .size_bytes = 99000});
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<th scope=\"col\">pruned</th>"));
  EXPECT_THAT(page, HasSubstr("2.0× smaller"));
  EXPECT_THAT(page, HasSubstr("class=\"below\""));
}

TEST(HtmlReportTest, UnknownAndImpossibleNumbersAreLeftOut) {
  Report report = test_report();
  for (ModelSummary& model : report.models) {
    model = {.name = model.name, .top1 = kUnknown, .p50_ms = kInfinity, .mean_ms = -kInfinity};
  }
  for (Epoch& epoch : report.history->epochs)
    epoch = {.epoch = epoch.epoch, .train_loss = kInfinity};
  for (LayerTiming& layer : report.layers) layer.float_ms = layer.macs = kInfinity;
  for (Example& example : report.examples) example.confidence = kUnknown;
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, Not(HasSubstr("id=\"models\"")));
  EXPECT_THAT(page, Not(HasSubstr("id=\"history\"")));
  EXPECT_THAT(page, Not(HasSubstr("in float")));
  EXPECT_THAT(page, HasSubstr("in int8"));
}

TEST(HtmlReportTest, HostileTextStaysText) {
  const std::string name = "\"><script>alert(1)</script><img src=x onerror='y'>&\x01\xff";
  Report report = test_report();
  report.title = report.summary = report.generated_at = name;
  report.system = {{name, name}};
  report.commands = {name};
  for (ModelSummary& model : report.models) model.name = model.file = name;
  for (LayerTiming& layer : report.layers) {
    layer.name = layer.op_type = layer.float_kernel = layer.int8_kernel = name;
  }
  for (Example& example : report.examples) {
    example.png = name;
    example.truth = example.predicted_float = name;
    example.predicted_int8 = name + "2";
  }
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_EQ(count(page, "<img"), 0U);
  EXPECT_THAT(page, Not(HasSubstr("\x01")));
  EXPECT_THAT(page, Not(HasSubstr("\xff")));
}

TEST(HtmlReportTest, OneAndManyLayers) {
  Report report;
  report.layers = {{.name = "only", .op_type = "Conv", .int8_ms = 0.5}};
  std::string page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("One layer takes 0.500\u00a0ms in int8."));
  report.layers.clear();
  for (int i = 0; i < 500; ++i) {
    report.layers.push_back({.name = std::string(200, 'n') + std::to_string(i),
                             .op_type = "Conv",
                             .float_ms = i % 7 + 1.0,
                             .int8_ms = i % 5 + 0.5});
  }
  page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("Time of the 48 slowest of 500 layers"));
  EXPECT_EQ(count(page, "class=\"bar "), 96U);
  EXPECT_EQ(count(page, "class=\"name\""), 500U);
}

TEST(HtmlReportTest, OnlyRealImagesAreEmbedded) {
  Report report;
  report.examples = {{.png = "", .truth = "a", .predicted_int8 = "a"},
                     {.png = "<svg onload=x>", .truth = "a", .predicted_int8 = "b"},
                     {.png = "\x89PNG\r\n\x1a\n", .truth = "a"}};
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_EQ(count(page, "<img"), 1U);
  EXPECT_EQ(count(page, "class=\"blank\""), 2U);
  EXPECT_THAT(page, HasSubstr("1 of these 2 are right."));
}

TEST(HtmlReportTest, WritesTheFileOrSaysWhyNot) {
  const Path path = Path(testing::TempDir()) / "lathe_report_test.html";
  ASSERT_TRUE(write_html(test_report(), path).ok());
  EXPECT_EQ(*read_file(path), to_html(test_report()));
  std::filesystem::remove(path);
  const Status status = write_html({}, "/proc/no/such/folder/report.html");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message(), HasSubstr("/proc/no"));
}

}  // namespace
}  // namespace lathe::report
