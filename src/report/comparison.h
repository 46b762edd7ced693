// What changed between two variants of a model, in words.
#pragma once

#include <string>

#include "measure/compare_variants.h"

namespace lathe::report {

// Whether a change is for the better; kNeutral where it is too small to mean anything.
enum class Verdict { kNeutral, kBetter, kWorse };

struct Change {
  std::string text;  // "3.6× smaller", "−1.20 points"; empty where it cannot be told
  Verdict verdict = Verdict::kNeutral;
};

// The words for a quantity that shrinks, the words for one that grows: {"smaller", "larger"}.
struct Direction {
  const char* less;
  const char* more;
  bool less_is_better = true;
  // Bytes and parameters, which are known as they are; times repeat within 2 % only.
  bool exact = false;
};

// Quantities that are positive and finite. What is not exact counts as the same within 2 %; what is
// exact is told in percent where it is near: "1.4 % fewer", and better or worse from 2 % on.
Change compare_ratio(double before, double after, const Direction& direction);

// Top-1, or another top by `among`. What is known by pairs (measure::compare_accuracy) and holds
// zero in its interval is "no measurable change"; where pairs are not known the verdict is neutral.
Change compare_top(const measure::Variant& before, const measure::Variant& after,
                   std::int32_t among = 1);

// "int8 against float32: −0.12 points of top-1 accuracy (95 % confidence interval −0.26 to +0.02);
// of the 10 000 samples that both answered 19 became right and 31 wrong." Empty where pairs are not
// known.
std::string explain_accuracy(const measure::Variant& before, const measure::Variant& after);

// Half the width of the 95 % confidence interval of an accuracy (normal approximation), NaN where
// the number of samples is not known.
double accuracy_margin(double accuracy, std::int64_t samples);

// The median latency, or the mean where there is none.
double typical_ms(const measure::Variant& variant);

// The number, or NaN where it is negative and thus unknown.
double known(std::int64_t value);

}  // namespace lathe::report
