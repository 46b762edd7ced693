#include "report/html_report.h"

#include <algorithm>
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

using measure::Variant;
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

Report two_variants(Variant before, Variant after) {
  Report report;
  before.name = "float32";
  after.name = "int8";
  report.comparison.variants = {before, after};
  return report;
}

// A variant of ten thousand samples.
Variant answered(int gained, int lost, bool after) {
  Variant variant{.ranks = test_ranks(gained, lost, after)};
  variant.samples = 10000;
  variant.top1 = static_cast<double>(std::count(variant.ranks.begin(), variant.ranks.end(), 0)) /
                 static_cast<double>(variant.samples);
  variant.top5 = 1;
  return variant;
}

TEST(HeadlineTest, SaysWhatChanged) {
  EXPECT_EQ(headline(test_report()),
            "int8 is 3.6× smaller and 2.1× faster than float32, without a measurable change of "
            "accuracy.");
}

TEST(HeadlineTest, FindsTheWordsForEveryOutcome) {
  const Variant base{.size_bytes = 1000, .p50_ms = 1};
  const auto say = [&](const Variant& after) { return headline(two_variants(base, after)); };
  EXPECT_EQ(say({.size_bytes = 2000, .p50_ms = 1.5}),
            "int8 is 2.0× larger and 1.50× slower than float32.");
  EXPECT_EQ(say({.size_bytes = 250, .p50_ms = 1.01}),
            "int8 is 4.0× smaller than float32 and about as fast.");
  EXPECT_EQ(say({.size_bytes = 1000, .p50_ms = 1}),
            "int8 is about as large and as fast as float32.");
  EXPECT_EQ(say({.size_bytes = 500}), "int8 is 2.0× smaller than float32.");
  EXPECT_EQ(say({.mean_ms = 0.25}), "int8 is 4.0× faster than float32.");
  EXPECT_EQ(say({}), "");
  EXPECT_EQ(say({.top1 = kInfinity, .size_bytes = 0, .p50_ms = -1}), "");
}

TEST(HeadlineTest, ClaimsOnlyAChangeOfAccuracyThatWasMeasured) {
  const auto say = [](int gained, int lost, std::int64_t size_bytes) {
    Variant before = answered(gained, lost, false);
    Variant after = answered(gained, lost, true);
    before.size_bytes = 1000;
    after.size_bytes = size_bytes;
    return headline(two_variants(before, after));
  };
  EXPECT_EQ(say(50, 25, 500),
            "int8 is 2.0× smaller than float32, and gains 0.25 points of accuracy.");
  // As many points, but the answers that changed both ways are too many to tell.
  EXPECT_EQ(say(225, 200, 500),
            "int8 is 2.0× smaller than float32, without a measurable change of accuracy.");
  EXPECT_EQ(say(0, 100, -1), "int8 loses 1.00 point of accuracy against float32.");
  EXPECT_EQ(say(0, 0, 1000),
            "int8 is about as large as float32, without a measurable change of accuracy.");
  EXPECT_EQ(say(3, 2, -1), "int8 differs from float32 by no measurable change of accuracy.");
  // Without the answers themselves nothing is known of chance.
  EXPECT_EQ(headline(two_variants({.top1 = 0.9}, {.top1 = 0.88})),
            "int8 answers 88.00 % right, float32 90.00 %.");
}

TEST(HeadlineTest, NeedsTwoVariants) {
  Report report;
  EXPECT_EQ(headline(report), "");
  report.comparison.variants.push_back(
      {.name = "float32", .top1 = 0.9, .size_bytes = 10, .p50_ms = 1});
  EXPECT_EQ(headline(report), "");
}

TEST(ComparisonTest, AccuracyWithinChanceIsNeutral) {
  const auto change = [](int gained, int lost) {
    return compare_top(answered(gained, lost, false), answered(gained, lost, true));
  };
  EXPECT_EQ(change(19, 31).verdict, Verdict::kNeutral);
  EXPECT_EQ(change(19, 31).text, "no measurable change");
  EXPECT_EQ(change(0, 200).verdict, Verdict::kWorse);
  EXPECT_EQ(change(0, 200).text, "−2.00 points");
  EXPECT_EQ(change(200, 0).verdict, Verdict::kBetter);
  const Change top5 = compare_top(answered(9, 1, false), answered(9, 1, true), 5);
  EXPECT_EQ(top5.text, "no measurable change");
  const Change unpaired = compare_top({.top1 = 0.92}, {.top1 = 0.5});
  EXPECT_EQ(unpaired.text, "−42.00 points");
  EXPECT_EQ(unpaired.verdict, Verdict::kNeutral);
  EXPECT_EQ(compare_top({}, {.top1 = 0.5}).text, "");
  EXPECT_NEAR(accuracy_margin(0.9, 10000), 0.00588, 1e-5);
  EXPECT_EQ(explain_accuracy({.name = "a"}, {.name = "b"}), "");
}

TEST(ComparisonTest, Ratios) {
  const Direction size{"smaller", "larger"};
  EXPECT_EQ(compare_ratio(100, 25, size).text, "4.0× smaller");
  EXPECT_EQ(compare_ratio(100, 25, size).verdict, Verdict::kBetter);
  EXPECT_EQ(compare_ratio(25, 100, size).verdict, Verdict::kWorse);
  EXPECT_EQ(compare_ratio(100, 101, size).verdict, Verdict::kNeutral);
  EXPECT_EQ(compare_ratio(100, 101, size).text, "about the same");
  EXPECT_EQ(compare_ratio(0.63, 1, {"faster", "slower"}).text, "1.59× slower");
  EXPECT_EQ(compare_ratio(0, 100, size).text, "");
  EXPECT_EQ(compare_ratio(10, 20, {"lower", "higher", false}).verdict, Verdict::kBetter);
}

TEST(ComparisonTest, ExactQuantitiesAreTheSameOnlyWhereTheyAre) {
  const Direction amount{"fewer", "more", true, true};
  EXPECT_EQ(compare_ratio(49870, 49160, amount).text, "1.4 % fewer");
  EXPECT_EQ(compare_ratio(49870, 49160, amount).verdict, Verdict::kNeutral);
  EXPECT_EQ(compare_ratio(49160, 49870, amount).text, "1.4 % more");
  EXPECT_EQ(compare_ratio(100, 95, amount).verdict, Verdict::kBetter);
  EXPECT_EQ(compare_ratio(49870, 49870, amount).text, "the same");
  EXPECT_EQ(compare_ratio(100, 50, amount).text, "2.0× fewer");
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
  EXPECT_THAT(page, HasSubstr("Of 13 measured in both, 1 is slower in int8 than in float32."));
  EXPECT_THAT(
      page, HasSubstr("14 of these 16 are right by int8. On 2 of them float32 and int8 disagree."));
  EXPECT_THAT(page, HasSubstr("src=\"data:image/png;base64,iVBORw0KGgo"));
  EXPECT_THAT(page, HasSubstr("lathe train --arch cnn"));
  EXPECT_THAT(page, HasSubstr("2026-11-21 10:14"));
  EXPECT_EQ(count(page, "<svg class=\"chart\""), 5U);
  EXPECT_EQ(count(page, "<svg class=\"chart bars\""), 2U);
}

TEST(HtmlReportTest, SaysHowFarItsNumbersCanBeTrusted) {
  const std::string page = to_html(test_report());
  EXPECT_THAT(page, HasSubstr("95 % confidence interval −0.26 to +0.02"));
  EXPECT_THAT(page, HasSubstr("19 became right and 31 wrong"));
  EXPECT_THAT(page, HasSubstr("1.4 % fewer"));
  EXPECT_THAT(page, HasSubstr("Batch normalization of float32 is folded"));
  Report report = test_report();
  report.comparison.variants[0].batch_normalizations = 0;
  EXPECT_THAT(to_html(report), Not(HasSubstr("Batch normalization")));
}

TEST(HtmlReportTest, TimesShareAUnit) {
  const std::string page = to_html(test_report());
  EXPECT_THAT(page, HasSubstr("<td>412 µs</td><td>193 µs</td>"));
  EXPECT_THAT(page, Not(HasSubstr(" ms<")));
  EXPECT_THAT(page, HasSubstr("float32<span class=\"hint\">µs</span>"));
}

TEST(HtmlReportTest, EmptyReportIsAPage) {
  const std::string page = to_html({});
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<h1>Lathe report</h1>"));
  EXPECT_EQ(count(page, "<section"), 0U);
}

TEST(HtmlReportTest, OneModelHasNoComparison) {
  Report report = test_report();
  report.comparison.variants.resize(1);
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<h2>The model</h2>"));
  EXPECT_THAT(page, HasSubstr("<h1>cnn on Fashion-MNIST</h1>"));
  EXPECT_THAT(page, Not(HasSubstr("change</th>")));
  EXPECT_THAT(page, Not(HasSubstr("id=\"tradeoff\"")));
}

TEST(HtmlReportTest, AnyNumberOfVariantsStandSideBySide) {
  Report report = test_report();
  measure::VariantComparison& comparison = report.comparison;
  comparison.variants.insert(comparison.variants.begin() + 1,
                             Variant{.name = "pruned", .top1 = 0.915, .size_bytes = 99000});
  for (measure::LayerTimes& layer : comparison.layers)
    layer.variants.insert(layer.variants.begin() + 1, {layer.variants[0].ms / 2, "half"});
  for (measure::Example& example : comparison.examples)
    example.predicted.insert(example.predicted.begin() + 1, example.predicted[0]);
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<h2>Side by side</h2>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"col\">pruned</th>"));
  EXPECT_THAT(page, HasSubstr("2.0× smaller"));
  EXPECT_THAT(page, HasSubstr("class=\"below\""));
  EXPECT_THAT(page, HasSubstr(" in float32, 212\u00a0µs in pruned and "));
  EXPECT_THAT(page, HasSubstr("float32, pruned: <span class=\"better\">"));
  EXPECT_THAT(page, HasSubstr("On 2 of them the variants disagree."));
  EXPECT_EQ(count(page, ">speed-up<"), 2U);
}

TEST(HtmlReportTest, UnknownAndImpossibleNumbersAreLeftOut) {
  Report report = test_report();
  for (Variant& variant : report.comparison.variants) {
    variant = {.name = variant.name, .top1 = kUnknown, .p50_ms = kInfinity, .mean_ms = -kInfinity};
  }
  for (Epoch& epoch : report.history->epochs)
    epoch = {.epoch = epoch.epoch, .train_loss = kInfinity};
  for (measure::LayerTimes& layer : report.comparison.layers)
    layer.variants[0].ms = layer.macs = kInfinity;
  for (measure::Example& example : report.comparison.examples) example.confidence = kUnknown;
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, Not(HasSubstr("id=\"models\"")));
  EXPECT_THAT(page, Not(HasSubstr("id=\"history\"")));
  EXPECT_THAT(page, Not(HasSubstr("in float32")));
  EXPECT_THAT(page, HasSubstr("in int8"));
  // A layer without one time for each variant, and an example likewise.
  report.comparison.layers[0].variants.clear();
  report.comparison.examples[0].predicted.clear();
  expect_sound(to_html(report));
}

TEST(HtmlReportTest, HostileTextStaysText) {
  const std::string name = "\"><script>alert(1)</script><img src=x onerror='y'>&\x01\xff";
  Report report = test_report();
  report.title = report.summary = report.generated_at = name;
  report.system = {{name, name}};
  report.commands = {name};
  for (Variant& variant : report.comparison.variants) variant.name = variant.model = name;
  for (measure::LayerTimes& layer : report.comparison.layers) {
    layer.name = layer.op_type = name;
    for (measure::LayerTime& time : layer.variants) time.kernel = name;
  }
  for (measure::Example& example : report.comparison.examples) {
    example.png = name;
    example.truth = name;
    example.predicted = {name, name + "2"};
  }
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_EQ(count(page, "<img"), 0U);
  EXPECT_THAT(page, Not(HasSubstr("\x01")));
  EXPECT_THAT(page, Not(HasSubstr("\xff")));
}

TEST(HtmlReportTest, OneAndManyLayers) {
  Report report;
  report.comparison.variants = {{.name = "float32"}, {.name = "int8"}};
  auto& layers = report.comparison.layers;
  layers = {{.name = "only", .op_type = "Conv", .variants = {{}, {0.5, ""}}}};
  std::string page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("One layer takes 500\u00a0µs in int8."));
  EXPECT_THAT(page, Not(HasSubstr("speed-up")));
  layers.clear();
  for (int i = 0; i < 500; ++i) {
    layers.push_back({.name = std::string(200, 'n') + std::to_string(i),
                      .op_type = "Conv",
                      .variants = {{i % 7 + 1.0, ""}, {i % 5 + 0.5, ""}}});
  }
  page = to_html(report);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("Time of the 48 slowest of 500 layers"));
  EXPECT_EQ(count(page, "class=\"bar "), 96U);
  EXPECT_EQ(count(page, "class=\"name\""), 500U);
}

TEST(HtmlReportTest, OnlyRealImagesAreEmbedded) {
  Report report;
  report.comparison.variants = {{.name = "only"}};
  report.comparison.examples = {{.png = "", .truth = "a", .predicted = {"a"}},
                                {.png = "<svg onload=x>", .truth = "a", .predicted = {"b"}},
                                {.png = "\x89PNG\r\n\x1a\n", .truth = "a"}};
  const std::string page = to_html(report);
  expect_sound(page);
  EXPECT_EQ(count(page, "<img"), 1U);
  EXPECT_EQ(count(page, "class=\"blank\""), 2U);
  EXPECT_THAT(page, HasSubstr("1 of these 2 is right."));
}

TEST(HistoryTest, ReadsWhatTrainingWrote) {
  ir::Graph graph;
  EXPECT_FALSE(read_history(graph));
  graph.metadata["lathe.history"] =
      R"([{"step": "new"}, {"step": "train", "epochs": {"epoch": [1, 2], "train_loss": [2, 1.5]}}])";
  const auto history = read_history(graph);
  ASSERT_TRUE(history);
  ASSERT_EQ(history->epochs.size(), 2U);
  EXPECT_EQ(history->epochs[1].train_loss, 1.5);
  EXPECT_TRUE(std::isnan(history->epochs[1].validation_loss));
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string& hostile : std::vector<std::string>{
           deep, "{", "5", "[5]", R"([{"step": 5, "epochs": {}}])",
           R"([{"step": "train", "epochs": 7}])",
           R"([{"step": "train", "epochs": {"epoch": "x", "train_loss": 3}}])"}) {
    graph.metadata["lathe.history"] = hostile;
    read_history(graph);
  }
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
