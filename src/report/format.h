// Numbers as people read them, beside format_bytes, format_count and format_duration of
// base/progress.h. What is not finite is shown as "–" (kNoValue), so that no page and no table
// ever says "nan" or "inf".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lathe::report {

inline constexpr std::string_view kNoValue = "–";

// A fraction as a percentage: 0.91234 is "91.23 %".
std::string format_percent(double fraction, int decimals = 2);
// A difference of two fractions in percentage points, signed: -0.0012 is "−0.12 points".
std::string format_points(double difference, int decimals = 2);

// The unit that suits times which stand beside each other, in a column or a chart: µs where all are
// below a millisecond, s where all are at least ten seconds, otherwise ms. Values that are not
// positive and finite have no say.
struct TimeUnit {
  double milliseconds = 1;
  std::string_view name = "ms";
};
TimeUnit time_unit(std::span<const double> milliseconds);
// Milliseconds as a number of that unit, with so many significant digits and all those before the
// point: 0.0421 in ms is "0.0421", in µs "42.1".
std::string format_time(double milliseconds, const TimeUnit& unit, int digits = 3);
// The same with the unit behind it; in the unit that suits it alone where none is given.
std::string format_ms(double milliseconds);
std::string format_ms(double milliseconds, const TimeUnit& unit);

// A ratio with two or three significant digits: 3.62 is "3.6×", 14.2 is "14×", 0.083 is "0.083×".
std::string format_ratio(double ratio);
// Up to `digits` significant digits without trailing zeros; very large or small in scientific
// notation.
std::string format_number(double value, int digits = 4);
// A whole number with thin spaces (U+2009) between groups of three digits from 10 000 on.
std::string format_integer(double value);

// The time of the day in UTC: "2026-11-21 10:14 UTC".
std::string current_time();

// Things per second: three significant digits, or a whole number where that has more.
std::string format_rate(double rate);

// How an axis, a bar or a column shows its values.
enum class ValueFormat {
  kNumber,
  kPercent,       // values are fractions
  kMilliseconds,  // values are milliseconds
  kBytes,
  kCount,
  kRate,  // things per second
};
std::string format_value(double value, ValueFormat format);

// The same for values that stand beside each other: times share the unit that suits all of them.
class ValueFormatter {
 public:
  ValueFormatter(ValueFormat format, std::span<const double> values);
  std::string operator()(double value) const;

 private:
  ValueFormat format_;
  TimeUnit unit_;
};

}  // namespace lathe::report
