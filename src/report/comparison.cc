#include "report/comparison.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "report/format.h"
#include "report/html_report.h"

namespace lathe::report {
namespace {

using measure::Variant;

// What measurements of latency repeat to on a quiet machine; files differ by that in metadata.
constexpr double kSame = 1.02;
// Exact ratios below this read better in percent.
constexpr double kToldInPercent = 1.1;

bool positive(double value) { return std::isfinite(value) && value > 0; }

bool about_same(double before, double after) {
  return std::max(before / after, after / before) < kSame;
}

bool is_accuracy(double value) { return std::isfinite(value) && value >= 0 && value <= 1; }

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " and " : ", ";
    text += parts[i];
  }
  return text;
}

double top(const Variant& variant, std::int32_t among) {
  return among == 1 ? variant.top1 : variant.top5;
}

// Points without their name: "−0.26".
std::string bare_points(double difference) {
  const std::string text = format_points(difference);
  return text.substr(0, text.find(' '));
}

// What is said of accuracy, behind what is said of size and speed or `alone`; may be nothing.
std::string accuracy_clause(const Variant& before, const Variant& after, bool alone) {
  if (!is_accuracy(before.top1) || !is_accuracy(after.top1)) return {};
  const auto change = measure::compare_accuracy(before.ranks, after.ranks);
  if (!change) {
    return fmt::format("{} answers {} right, {} {}", alone ? "" : ", and",
                       format_percent(after.top1), before.name, format_percent(before.top1));
  }
  if (!change->measurable()) {
    return alone ? fmt::format(" differs from {} by no measurable change of accuracy", before.name)
                 : std::string(", without a measurable change of accuracy");
  }
  const double points = std::abs(change->difference) * 100;
  return fmt::format("{} {} {:.2f} {} of accuracy{}", alone ? "" : ", and",
                     change->difference < 0 ? "loses" : "gains", points,
                     std::abs(points - 1) < 0.005 ? "point" : "points",
                     alone ? " against " + before.name : std::string());
}

}  // namespace

double known(std::int64_t value) { return value < 0 ? std::nan("") : static_cast<double>(value); }

double typical_ms(const Variant& variant) {
  return positive(variant.p50_ms) ? variant.p50_ms : variant.mean_ms;
}

Change compare_ratio(double before, double after, const Direction& direction) {
  if (!positive(before) || !positive(after)) return {};
  if (direction.exact && before == after) return {"the same", Verdict::kNeutral};
  const bool same = about_same(before, after);
  if (same && !direction.exact) return {"about the same", Verdict::kNeutral};
  const bool less = after < before;
  const char* word = less ? direction.less : direction.more;
  const double ratio = less ? before / after : after / before;
  const std::string text =
      direction.exact && ratio < kToldInPercent
          ? fmt::format("{} % {}", format_number(std::abs(after / before - 1) * 100, 2), word)
          : fmt::format("{} {}", format_ratio(ratio), word);
  if (same) return {text, Verdict::kNeutral};
  return {text, less == direction.less_is_better ? Verdict::kBetter : Verdict::kWorse};
}

double accuracy_margin(double accuracy, std::int64_t samples) {
  if (!is_accuracy(accuracy) || samples <= 0) return std::nan("");
  return 1.96 * std::sqrt(accuracy * (1 - accuracy) / static_cast<double>(samples));
}

Change compare_top(const Variant& before, const Variant& after, std::int32_t among) {
  if (!is_accuracy(top(before, among)) || !is_accuracy(top(after, among))) return {};
  const auto change = measure::compare_accuracy(before.ranks, after.ranks, among);
  if (!change) return {format_points(top(after, among) - top(before, among)), Verdict::kNeutral};
  if (!change->measurable()) return {"no measurable change", Verdict::kNeutral};
  return {format_points(change->difference),
          change->difference > 0 ? Verdict::kBetter : Verdict::kWorse};
}

std::string explain_accuracy(const Variant& before, const Variant& after) {
  const auto change = measure::compare_accuracy(before.ranks, after.ranks);
  if (!change) return {};
  return fmt::format(
      "{} against {}: {} of top-1 accuracy (95 % confidence interval {} to {}); of the {} samples "
      "that both answered {} became right and {} wrong.",
      after.name, before.name, format_points(change->difference), bare_points(change->interval.low),
      bare_points(change->interval.high), format_integer(static_cast<double>(change->samples)),
      format_integer(static_cast<double>(change->gained)),
      format_integer(static_cast<double>(change->lost)));
}

std::string headline(const Report& report) {
  const auto& variants = report.comparison.variants;
  if (variants.size() < 2) return {};
  const Variant& before = variants.front();
  const Variant& after = variants.back();
  std::vector<std::string> differs;
  std::vector<std::string> equals;
  const auto compare = [&](double from, double to, const Direction& direction, const char* same) {
    if (!positive(from) || !positive(to)) return;
    if (about_same(from, to)) {
      equals.emplace_back(same);
    } else {
      differs.push_back(compare_ratio(from, to, direction).text);
    }
  };
  compare(known(before.size_bytes), known(after.size_bytes), {"smaller", "larger"}, "as large");
  compare(typical_ms(before), typical_ms(after), {"faster", "slower"}, "as fast");

  std::string text = after.name;
  if (!differs.empty()) text += fmt::format(" is {} than {}", join(differs), before.name);
  if (differs.empty() && !equals.empty()) {
    text += fmt::format(" is about {} as {}", join(equals), before.name);
  } else if (!equals.empty()) {
    text += fmt::format(" and about {}", join(equals));
  }
  const bool alone = differs.empty() && equals.empty();
  const std::string clause = accuracy_clause(before, after, alone);
  if (alone && clause.empty()) return {};
  return text + clause + ".";
}

}  // namespace lathe::report
