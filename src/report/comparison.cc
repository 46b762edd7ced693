#include "report/comparison.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "report/format.h"

namespace lathe::report {
namespace {

// What measurements of latency repeat to on a quiet machine; files differ by that in metadata.
constexpr double kSame = 1.02;

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

std::string accuracy_clause(const ModelSummary& before, const ModelSummary& after) {
  if (!is_accuracy(before.top1) || !is_accuracy(after.top1)) return {};
  const double lost = (before.top1 - after.top1) * 100;
  if (std::abs(lost) < 0.005) return "keeps its accuracy";
  const double points = std::abs(lost);
  return fmt::format("{} {:.2f} {} of accuracy", lost > 0 ? "loses" : "gains", points,
                     std::abs(points - 1) < 0.005 ? "point" : "points");
}

}  // namespace

double known(std::int64_t value) { return value < 0 ? std::nan("") : static_cast<double>(value); }

double typical_ms(const ModelSummary& model) {
  return positive(model.p50_ms) ? model.p50_ms : model.mean_ms;
}

Change compare_ratio(double before, double after, const Direction& direction) {
  if (!positive(before) || !positive(after)) return {};
  if (about_same(before, after)) return {"the same", Verdict::kNeutral};
  const bool less = after < before;
  const double ratio = less ? before / after : after / before;
  return {fmt::format("{} {}", format_ratio(ratio), less ? direction.less : direction.more),
          less == direction.less_is_better ? Verdict::kBetter : Verdict::kWorse};
}

double accuracy_margin(double accuracy, std::int64_t samples) {
  if (!is_accuracy(accuracy) || samples <= 0) return std::nan("");
  return 1.96 * std::sqrt(accuracy * (1 - accuracy) / static_cast<double>(samples));
}

Change compare_accuracy(double before, double after, std::int64_t samples) {
  if (!is_accuracy(before) || !is_accuracy(after)) return {};
  const double difference = after - before;
  Change change{format_points(difference), Verdict::kNeutral};
  if (samples <= 0) return change;
  const double error =
      std::sqrt((before * (1 - before) + after * (1 - after)) / static_cast<double>(samples));
  if (std::abs(difference) > 2 * error) {
    change.verdict = difference > 0 ? Verdict::kBetter : Verdict::kWorse;
  }
  return change;
}

std::string headline(const Report& report) {
  if (report.models.size() < 2) return {};
  const ModelSummary& before = report.models.front();
  const ModelSummary& after = report.models.back();
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

  const std::string accuracy = accuracy_clause(before, after);
  std::string text = after.name;
  if (!differs.empty()) text += fmt::format(" is {} than {}", join(differs), before.name);
  if (differs.empty() && !equals.empty()) {
    text += fmt::format(" is about {} as {}", join(equals), before.name);
  } else if (!equals.empty()) {
    text += fmt::format(" and about {}", join(equals));
  }
  if (!accuracy.empty()) {
    const bool first = differs.empty() && equals.empty();
    text += fmt::format("{} {}", first ? "" : ", and", accuracy);
    if (first) text += fmt::format(" against {}", before.name);
  } else if (differs.empty() && equals.empty()) {
    return {};
  }
  return text + ".";
}

}  // namespace lathe::report
