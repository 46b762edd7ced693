#include "report/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <fmt/format.h>

#include "base/progress.h"

namespace lathe::report {
namespace {

// Decimals that leave `digits` significant digits, none for numbers that are long enough.
int decimals_for(double value, int digits) {
  if (value == 0) return 0;
  // What is about to be rounded up to the next power of ten has that one's digits.
  const double rounded = std::abs(value) * (1 + 0.499 * std::pow(10.0, -digits));
  const int magnitude = static_cast<int>(std::floor(std::log10(rounded)));
  return std::max(0, digits - 1 - magnitude);
}

// Below this a time is told in µs, from that on in s; where three significant digits turn over.
constexpr double kLeastMilliseconds = 0.9995;
constexpr double kLeastSeconds = 9999.5;

// U+2212 instead of the hyphen.
std::string with_minus_sign(std::string text) {
  if (!text.empty() && text.front() == '-') text.replace(0, 1, "−");
  return text;
}

}  // namespace

std::string format_percent(double fraction, int decimals) {
  if (!std::isfinite(fraction)) return std::string(kNoValue);
  return with_minus_sign(fmt::format("{:.{}f} %", fraction * 100, decimals));
}

std::string format_points(double difference, int decimals) {
  if (!std::isfinite(difference)) return std::string(kNoValue);
  std::string digits = fmt::format("{:.{}f}", std::abs(difference) * 100, decimals);
  const bool zero = digits.find_first_not_of("0.") == std::string::npos;
  const std::string_view sign = zero ? "±" : (difference < 0 ? "−" : "+");
  return fmt::format("{}{} points", sign, digits);
}

TimeUnit time_unit(std::span<const double> milliseconds) {
  double least = INFINITY;
  double most = 0;
  for (const double value : milliseconds) {
    if (!std::isfinite(value) || value <= 0) continue;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  if (most == 0) return {};
  if (most < kLeastMilliseconds) return {1e-3, "µs"};
  if (least >= kLeastSeconds) return {1e3, "s"};
  return {};
}

std::string format_time(double milliseconds, const TimeUnit& unit, int digits) {
  if (!std::isfinite(milliseconds)) return std::string(kNoValue);
  const double value = milliseconds / unit.milliseconds;
  // Nobody measures below a picosecond.
  return with_minus_sign(fmt::format("{:.{}f}", value, std::min(decimals_for(value, digits), 6)));
}

std::string format_ms(double milliseconds) {
  return format_ms(milliseconds, time_unit(std::array{std::abs(milliseconds)}));
}

std::string format_ms(double milliseconds, const TimeUnit& unit) {
  if (!std::isfinite(milliseconds)) return std::string(kNoValue);
  return fmt::format("{} {}", format_time(milliseconds, unit), unit.name);
}

std::string format_ratio(double ratio) {
  if (!std::isfinite(ratio)) return std::string(kNoValue);
  const double size = std::abs(ratio);
  const int decimals = size >= 10 ? 0 : (size >= 2 ? 1 : (size >= 1 ? 2 : decimals_for(ratio, 2)));
  return with_minus_sign(fmt::format("{:.{}f}×", ratio, std::min(decimals, 6)));
}

std::string format_number(double value, int digits) {
  if (!std::isfinite(value)) return std::string(kNoValue);
  if (value == 0) return "0";
  return with_minus_sign(fmt::format("{:.{}g}", value, digits));
}

std::string format_integer(double value) {
  if (!std::isfinite(value)) return std::string(kNoValue);
  const std::string digits = fmt::format("{:.0f}", std::abs(value));
  std::string out = value <= -0.5 ? "−" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && digits.size() > 4 && (digits.size() - i) % 3 == 0) out += "\u2009";
    out.push_back(digits[i]);
  }
  return out;
}

std::string format_rate(double rate) {
  if (!std::isfinite(rate) || std::abs(rate) >= 99.95) return format_integer(rate);
  return with_minus_sign(fmt::format("{:.{}f}", rate, std::min(decimals_for(rate, 3), 5)));
}

std::string current_time() {
  const std::time_t time = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

std::string format_value(double value, ValueFormat format) {
  if (!std::isfinite(value)) return std::string(kNoValue);
  switch (format) {
    case ValueFormat::kPercent:
      return format_percent(value);
    case ValueFormat::kMilliseconds:
      return format_ms(value);
    case ValueFormat::kBytes:
      return format_bytes(value);
    case ValueFormat::kCount:
      return format_count(value);
    case ValueFormat::kRate:
      return format_rate(value);
    case ValueFormat::kNumber:
      break;
  }
  return format_number(value);
}

ValueFormatter::ValueFormatter(ValueFormat format, std::span<const double> values)
    : format_(format), unit_(time_unit(values)) {}

std::string ValueFormatter::operator()(double value) const {
  return format_ == ValueFormat::kMilliseconds ? format_ms(value, unit_)
                                               : format_value(value, format_);
}

}  // namespace lathe::report
