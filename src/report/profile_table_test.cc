#include "report/profile_table.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "report/test_profile.h"

namespace lathe::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text_of(const ProfilePage& page, std::size_t top = 0, int width = 0) {
  return profile_text(page.title, page.profile, top, false, width);
}

TEST(ProfileTable, HasTheWholeAndItsParts) {
  const std::string text = text_of(test_profile_page());
  EXPECT_THAT(text, HasSubstr("net.onnx, native, 1 thread, batch 1: 10.0 ms an inference, the "
                              "median of 100 (9.50 ms at least, 10.5 ms on average)"));
  EXPECT_THAT(text, HasSubstr("outside of the nodes: 500 µs, 5.0 %"));
  EXPECT_THAT(text,
              HasSubstr("reference evaluator: 20.0 %\n  20.0 %: NonMaxSuppression, its shapes "
                        "depend on values (tail/nms)\n"));
  EXPECT_THAT(text, HasSubstr("A layer: the first part of the nodes' names"));
  EXPECT_THAT(text, HasSubstr("note: 1 node is evaluated one by one"));
  EXPECT_THAT(text, Not(HasSubstr("roofline")));
  const std::string table = text.substr(text.find("\nnode "));
  EXPECT_LT(table.find("block/conv"), table.find("tail/nms")) << "the longest first";
  EXPECT_LT(table.find("tail/nms"), table.find("block/quantized"));
}

TEST(ProfileTable, SaysWhatTheMachineCouldDo) {
  const std::string text = text_of(test_roofline_page());
  EXPECT_THAT(text, HasSubstr("roofline: 52.0 % of what the machine could do, which is 5.20 ms"));
  EXPECT_THAT(text, HasSubstr("Peaks measured with 1 thread: float32 200 GFLOP/s, int8 4000 GOP/s "
                              "by AMX (800 without), bfloat16 1500 GFLOP/s, L1 400 GB/s for up to "
                              "49.15 KB, memory 10 GB/s."));
  EXPECT_THAT(text, HasSubstr("compute"));
  EXPECT_THAT(text, HasSubstr("83.3 %"));
}

TEST(ProfileTable, ShowsTheLongestAndAddsUpTheRest) {
  const std::string text = text_of(test_profile_page(), 1);
  EXPECT_THAT(text, HasSubstr("and 2 more nodes: 3.50 ms, 35.0 %; --all shows all"));
  EXPECT_THAT(text, HasSubstr("and 1 more layer: 2.00 ms"));
  EXPECT_THAT(text, Not(HasSubstr("block/quantized")));
}

TEST(ProfileTable, KeepsToTheWidth) {
  const std::string text = text_of(test_roofline_page(), 0, 80);
  EXPECT_THAT(text, HasSubstr("Left out for room: bound"));
  EXPECT_THAT(text, HasSubstr("--json and --html have them"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 80) << line;
}

TEST(ProfileTable, WithoutStepsOrLayersItSaysSo) {
  ProfilePage page;
  page.title = {"x.onnx", "native"};
  EXPECT_THAT(text_of(page), Not(HasSubstr("nan")));
  page = test_profile_page();
  page.profile.layers.clear();
  page.profile.layer_rule = {};
  EXPECT_THAT(text_of(page), HasSubstr("No layers: the nodes' names have no parts"));
}

TEST(ProfileHeadline, NamesTheLongestOperator) {
  const ProfilePage page = test_profile_page();
  EXPECT_EQ(headline(page.title, page.profile), "net.onnx takes 10.0 ms: 60 % of it Conv+Relu.");
  EXPECT_EQ(format_share(0.0004), "below 0.1 %");
  EXPECT_EQ(format_share(0), "0.0 %");
  EXPECT_EQ(format_share(NAN), "–");
}

}  // namespace
}  // namespace lathe::report
