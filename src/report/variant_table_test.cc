#include "report/variant_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/test_report.h"

namespace lathe::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(VariantTableTest, ComparesWithTheFirst) {
  EXPECT_EQ(
      comparison_text(test_report().comparison, false, 0),
      "              float32      int8  change\n"
      "───────────  ────────  ────────  ────────────────────\n"
      "top-1         91.87 %   91.75 %  no measurable change\n"
      "top-5         99.89 %   99.88 %  no measurable change\n"
      "file         198.4 KB  55.12 KB  3.6× smaller\n"
      "activations  401.4 KB  100.4 KB  4.0× smaller\n"
      "latency p50    412 µs    193 µs  2.1× faster\n"
      "latency p99    502 µs    241 µs  2.1× faster\n"
      "\n"
      "int8 against float32: −0.12 points of top-1 accuracy (95 % confidence interval −0.26 to "
      "+0.02); of the 10\u2009000 samples that both answered 19 became right and 31 "
      "wrong.\n");
}

TEST(VariantTableTest, FitsATerminal) {
  measure::VariantComparison comparison = test_report().comparison;
  for (int count = 2; count < 5; ++count) {
    for (const int width : {60, 80, 120}) {
      const std::string text = comparison_text(comparison, false, width);
      for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find('\n', begin);
        EXPECT_LE(display_width(text.substr(begin, end - begin)), width);
        begin = end + 1;
      }
      EXPECT_THAT(text, HasSubstr("3.6× smaller"));
    }
    comparison.variants.push_back(comparison.variants[1]);
    comparison.variants.back().name = "variant " + std::to_string(count);
  }
}

TEST(VariantTableTest, LeavesOutWhatIsNotKnown) {
  measure::VariantComparison comparison;
  EXPECT_EQ(comparison_text(comparison, false, 0), "");
  comparison.variants = {{.name = "float32", .p50_ms = 1}, {.name = "int8", .p50_ms = 1.6}};
  const std::string text = comparison_text(comparison, false, 0);
  EXPECT_THAT(text, Not(HasSubstr("top-1")));
  EXPECT_THAT(text, HasSubstr("1.60× slower"));
}

}  // namespace
}  // namespace lathe::report
