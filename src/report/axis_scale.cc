#include "report/axis_scale.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <span>
#include <string_view>

namespace lathe::report {
namespace {

// Beyond this, spans and their logarithms no longer fit a double.
constexpr double kLargest = 1e150;

struct Unit {
  double size = 1;  // values are divided by it
  std::string_view name;
};

Unit choose_unit(ValueFormat format, double largest) {
  static constexpr Unit kBytes[] = {{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "KB"}, {1, "B"}};
  static constexpr Unit kCounts[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "K"}, {1, ""}};
  const auto pick = [&](const auto& units) {
    for (const Unit& unit : units) {
      if (largest >= unit.size) return unit;
    }
    return units[std::size(units) - 1];
  };
  if (format == ValueFormat::kBytes) return pick(kBytes);
  if (format == ValueFormat::kCount) return pick(kCounts);
  if (format == ValueFormat::kMilliseconds) {
    const TimeUnit unit = time_unit(std::span(&largest, 1));
    return {unit.milliseconds, unit.name};
  }
  if (format == ValueFormat::kPercent) return {0.01, "%"};
  return {};
}

double round_step(double rough, bool integers) {
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double leading = rough / power;
  double step = 10;
  for (const double candidate : {1.0, 2.0, 2.5, 5.0}) {
    if (integers && candidate == 2.5 && power < 10) continue;
    if (leading <= candidate * 1.0001) {
      step = candidate;
      break;
    }
  }
  return integers ? std::max(1.0, step * power) : step * power;
}

// A label that tells a tick from its neighbours `step` away.
std::string tick_label(double value, double step, bool percent) {
  if (std::abs(value) < step * 1e-6) value = 0;
  const double size = std::max(std::abs(value), step);
  std::string text;
  if (value != 0 && (size >= 1e6 || step < 1e-5)) {
    text = format_number(value, 4);
  } else {
    int decimals = 0;
    for (double s = step; decimals < 6 && std::abs(s - std::round(s)) > 1e-6 * s; s *= 10) {
      ++decimals;
    }
    text = fmt::format("{:.{}f}", value, decimals);
    if (text.front() == '-') text.replace(0, 1, "−");
  }
  return percent ? text + " %" : text;
}

}  // namespace

bool AxisScale::can_show(const Axis& axis, double value) {
  return std::isfinite(value) && std::abs(value) < kLargest &&
         (!axis.logarithmic || value > 1 / kLargest);
}

AxisScale::AxisScale(const Axis& axis, double low, double high, bool round_out, int wanted)
    : low_(low), high_(high), logarithmic_(axis.logarithmic), title_(axis.title) {
  const Unit unit = choose_unit(axis.format, std::max(std::abs(low), std::abs(high)));
  if (!unit.name.empty() && axis.format != ValueFormat::kPercent) {
    title_ += title_.empty() ? std::string(unit.name) : fmt::format(" ({})", unit.name);
  }
  if (logarithmic_ && axis.integers) {
    place_powers_of_two(wanted);
  } else if (logarithmic_) {
    place_logarithmic(unit.size, wanted);
  } else {
    place_linear(axis, round_out, wanted, unit.size);
  }
}

void AxisScale::place_linear(const Axis& axis, bool round_out, int wanted, double unit) {
  if (axis.from_zero && low_ > 0) low_ = 0;
  if (axis.from_zero && high_ < 0) high_ = 0;
  const bool is_share =
      axis.format == ValueFormat::kPercent && low_ >= 0 && high_ <= 1;  // never leaves 0 to 100 %
  double span = axis.min_span;
  const double size = std::max(std::abs(low_), std::abs(high_));
  if (high_ - low_ <= std::max(size * 1e-9, 1 / kLargest)) {
    span = std::max(span, axis.integers || size <= 1 / kLargest ? 1.0 : size * 0.2);
  }
  if (high_ - low_ < span) {
    const double middle = (low_ + high_) / 2;
    const double below = axis.from_zero && low_ == 0 ? 0 : middle - span / 2;
    low_ = below;
    high_ = below + span;
    if (is_share && high_ > 1) low_ -= high_ - 1, high_ = 1;
    if (is_share && low_ < 0) high_ = std::min(1.0, high_ - low_), low_ = 0;
  }
  const double step = round_step((high_ - low_) / unit / wanted, axis.integers) * unit;
  const double first = round_out ? std::floor(low_ / step + 1e-6) : std::ceil(low_ / step - 1e-6);
  const double last = round_out ? std::max(first + 1, std::ceil(high_ / step - 1e-6))
                                : std::floor(high_ / step + 1e-6);
  if (round_out) {
    low_ = first * step;
    high_ = last * step;
  }
  for (int i = 0; i <= 3 * wanted && first + i <= last; ++i) {
    const double value = (first + i) * step;
    ticks_.push_back({share(value),
                      tick_label(value / unit, step / unit, axis.format == ValueFormat::kPercent)});
  }
}

void AxisScale::place_logarithmic(double unit, int wanted) {
  if (high_ <= low_ * 1.5) {
    low_ /= 1.6;
    high_ *= 1.6;
  }
  const double decades = std::log10(high_ / low_);
  const bool few = decades <= 2.5;
  const int stride = std::max(1, static_cast<int>(std::ceil(decades / wanted)));
  const int first = static_cast<int>(std::floor(std::log10(low_ / unit)));
  const int last = static_cast<int>(std::ceil(std::log10(high_ / unit)));
  for (int exponent = first; exponent <= last; exponent += stride) {
    for (const double leading : {1.0, 2.0, 5.0}) {
      if (!few && leading > 1) continue;
      const double shown = leading * std::pow(10.0, exponent);
      const double value = shown * unit;
      if (value < low_ * 0.9999 || value > high_ * 1.0001) continue;
      ticks_.push_back({share(value), shown >= 1 && shown < 1e6 ? fmt::format("{:.0f}", shown)
                                                                : format_number(shown, 3)});
    }
  }
}

void AxisScale::place_powers_of_two(int wanted) {
  if (high_ <= low_ * 1.5) {
    low_ /= 1.6;
    high_ *= 1.6;
  }
  const int first = static_cast<int>(std::ceil(std::log2(low_ * 0.9999)));
  const int last = static_cast<int>(std::floor(std::log2(high_ * 1.0001)));
  const int stride = std::max(1, (last - first + wanted) / wanted);
  for (int exponent = std::max(0, first); exponent <= last; exponent += stride) {
    const double value = std::exp2(exponent);
    ticks_.push_back(
        {share(value), value < 1e6 ? fmt::format("{:.0f}", value) : format_number(value, 3)});
  }
}

double AxisScale::share(double value) const {
  const double share = logarithmic_ ? std::log(value / low_) / std::log(high_ / low_)
                                    : (value - low_) / (high_ - low_);
  return std::clamp(share, 0.0, 1.0);
}

}  // namespace lathe::report
