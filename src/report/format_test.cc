#include "report/format.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "base/words.h"
#include "report/markup.h"

namespace lathe::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TEST(FormatTest, Numbers) {
  EXPECT_EQ(format_percent(0.91234), "91.23 %");
  EXPECT_EQ(format_percent(1, 0), "100 %");
  EXPECT_EQ(format_points(-0.0012), "−0.12 points");
  EXPECT_EQ(format_points(0.02), "+2.00 points");
  EXPECT_EQ(format_points(-0.000001), "±0.00 points");
  EXPECT_EQ(format_ms(0), "0 ms");
  EXPECT_EQ(format_ms(0.0421), "42.1 µs");
  EXPECT_EQ(format_ms(0.412), "412 µs");
  EXPECT_EQ(format_ms(0.9997), "1.00 ms");
  EXPECT_EQ(format_ms(3.14159), "3.14 ms");
  EXPECT_EQ(format_ms(412.4), "412 ms");
  EXPECT_EQ(format_ms(12345), "12.3 s");
  EXPECT_EQ(format_ratio(3.62), "3.6×");
  EXPECT_EQ(format_ratio(1.349), "1.35×");
  EXPECT_EQ(format_ratio(14.2), "14×");
  EXPECT_EQ(format_ratio(0.083), "0.083×");
  EXPECT_EQ(format_number(-0.25), "−0.25");
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_integer(2403), "2403");
  EXPECT_EQ(format_integer(1234567), "1\u2009234\u2009567");
  EXPECT_EQ(format_integer(-0.2), "0");
}

TEST(FormatTest, CountsWithTheirNouns) {
  EXPECT_EQ(counted(1, "epoch"), "1 epoch");
  EXPECT_EQ(counted(0, "epoch"), "0 epochs");
  EXPECT_EQ(counted(12, "batch", "batches"), "12 batches");
}

TEST(FormatTest, TimesBesideEachOtherShareAUnit) {
  const std::vector<double> short_times{0.0421, 0.93, kNone, -1};
  const std::vector<double> mixed{0.0421, 12.3456, 1234.5};
  const std::vector<double> long_times{12345, 999999};
  EXPECT_EQ(time_unit(short_times).name, "µs");
  EXPECT_EQ(time_unit(mixed).name, "ms");
  EXPECT_EQ(time_unit(long_times).name, "s");
  EXPECT_EQ(time_unit({}).name, "ms");
  EXPECT_EQ(format_time(0.0421, time_unit(short_times)), "42.1");
  EXPECT_EQ(format_time(0.93, time_unit(short_times)), "930");
  EXPECT_EQ(format_time(0.0421, time_unit(mixed)), "0.0421");
  EXPECT_EQ(format_time(1234.5, time_unit(mixed)), "1234");
  EXPECT_EQ(format_time(0, time_unit(mixed)), "0");
  EXPECT_EQ(format_ms(12345, time_unit(long_times)), "12.3 s");
  EXPECT_EQ(format_time(kNone, {}), kNoValue);
  const ValueFormatter show(ValueFormat::kMilliseconds, mixed);
  EXPECT_EQ(show(0.0421), "0.0421 ms");
  EXPECT_EQ(show(kNone), kNoValue);
  EXPECT_EQ(ValueFormatter(ValueFormat::kBytes, mixed)(1234), "1.23 KB");
}

TEST(FormatTest, NothingIsCalledNanOrInf) {
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(format_percent(value), kNoValue);
    EXPECT_EQ(format_points(value), kNoValue);
    EXPECT_EQ(format_ms(value), kNoValue);
    EXPECT_EQ(format_ratio(value), kNoValue);
    EXPECT_EQ(format_number(value), kNoValue);
    EXPECT_EQ(format_integer(value), kNoValue);
    EXPECT_EQ(format_value(value, ValueFormat::kBytes), kNoValue);
    EXPECT_EQ(format_value(value, ValueFormat::kCount), kNoValue);
  }
}

TEST(MarkupTest, EscapesWhatEndsTextAndAttributes) {
  EXPECT_EQ(escape_markup("<script>alert(\"x\" & 'y')</script>"),
            "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;");
  EXPECT_EQ(escape_markup("größer µ"), "größer µ");
}

TEST(MarkupTest, ReplacesControlAndDamage) {
  EXPECT_EQ(escape_markup(std::string_view("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(escape_markup("\x1b[1m"), "\uFFFD[1m");
  EXPECT_EQ(escape_markup("a\xff"), "a\uFFFD");
  EXPECT_EQ(escape_markup("safe\u202Eexe"), "safe\uFFFDexe");  // right-to-left override
  EXPECT_EQ(escape_markup("two\nlines\t."), "two\nlines\t.");
}

TEST(MarkupTest, Base64) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(FormatTest, Rates) {
  EXPECT_EQ(format_rate(26.34), "26.3");
  EXPECT_EQ(format_rate(1.234), "1.23");
  EXPECT_EQ(format_rate(0.0123), "0.0123");
  EXPECT_EQ(format_rate(99.96), "100");
  EXPECT_EQ(format_rate(14353.2), "14\u2009353");
  EXPECT_EQ(format_rate(0), "0");
  EXPECT_EQ(format_value(NAN, ValueFormat::kRate), kNoValue);
  EXPECT_EQ(format_value(12.34, ValueFormat::kRate), "12.3");
}

}  // namespace
}  // namespace lathe::report
