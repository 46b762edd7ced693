// What changed between two models, in words.
#pragma once

#include <string>

#include "report/html_report.h"

namespace lathe::report {

// Whether a change is for the better; kNeutral where it is too small to mean anything.
enum class Verdict { kNeutral, kBetter, kWorse };

struct Change {
  std::string text;  // "3.6× smaller", "−0.12 points"; empty where it cannot be told
  Verdict verdict = Verdict::kNeutral;
};

// The words for a quantity that shrinks, the words for one that grows: {"smaller", "larger"}.
struct Direction {
  const char* less;
  const char* more;
  bool less_is_better = true;
};

// Quantities that are positive and finite; ratios within 2 % of each other count as the same.
Change compare_ratio(double before, double after, const Direction& direction);

// Accuracies. A difference is neutral where it is within twice its standard error on as many
// samples as were measured (the samples taken as independent), or where their number is unknown.
Change compare_accuracy(double before, double after, std::int64_t samples);

// Half the width of the 95 % confidence interval of an accuracy (normal approximation), NaN where
// the number of samples is not known.
double accuracy_margin(double accuracy, std::int64_t samples);

// The median latency, or the mean where there is none.
double typical_ms(const ModelSummary& model);

// The number, or NaN where it is negative and thus unknown.
double known(std::int64_t value);

}  // namespace lathe::report
