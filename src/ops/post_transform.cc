#include "ops/post_transform.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace lathe::ops {
namespace {

constexpr std::array<std::string_view, 5> kPostTransforms = {"NONE", "SOFTMAX", "LOGISTIC",
                                                             "SOFTMAX_ZERO", "PROBIT"};

// The quantile of the standard normal distribution, by Winitzki's approximation of the inverse
// error function: what runtimes take for PROBIT.
double probit(double probability) {
  constexpr double kA = 0.147;
  const double x = 2 * probability - 1;
  const double log = std::log((1 - x) * (1 + x));
  const double a = 2 / (std::numbers::pi * kA) + 0.5 * log;
  const double inverse = std::sqrt(std::sqrt(a * a - log / kA) - a);
  return std::copysign(std::numbers::sqrt2 * inverse, x);
}

double largest(std::span<const double> scores) {
  double most = std::numeric_limits<double>::lowest();
  for (const double score : scores) most = std::max(most, score);
  return most;
}

// Scores of 0 stay 0, and do not count: a class without any evidence.
void softmax(std::span<double> scores, bool keep_zeros) {
  constexpr double kZero = 1e-7;
  const double most = largest(scores);
  double sum = 0;
  for (double& score : scores) {
    if (keep_zeros && std::abs(score) <= kZero) {
      score *= std::exp(-most);
    } else {
      score = std::exp(score - most);
      sum += score;
    }
  }
  for (double& score : scores) score /= sum;
}

}  // namespace

Result<PostTransform> read_post_transform(const Attributes& attributes) {
  const std::string& name = attributes.get_string("post_transform");
  const auto* const found = std::find(kPostTransforms.begin(), kPostTransforms.end(), name);
  if (found == kPostTransforms.end()) {
    return invalid_data(
        "post_transform is '{}', expected NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT", name);
  }
  return static_cast<PostTransform>(found - kPostTransforms.begin());
}

Result<PostTransform> post_transform_from_number(std::int64_t number) {
  if (number < 0 || number >= static_cast<std::int64_t>(kPostTransforms.size()))
    return invalid_data("post_transform is {}, expected 0 to 4", number);
  return static_cast<PostTransform>(number);
}

double logistic(double score) {
  const double half = 1 / (1 + std::exp(-std::abs(score)));
  return score < 0 ? 1 - half : half;
}

void apply_post_transform(PostTransform transform, std::span<double> scores) {
  switch (transform) {
    case PostTransform::kNone:
      return;
    case PostTransform::kSoftmax:
      return softmax(scores, false);
    case PostTransform::kSoftmaxZero:
      return softmax(scores, true);
    case PostTransform::kLogistic:
      std::ranges::transform(scores, scores.begin(), logistic);
      return;
    case PostTransform::kProbit:
      std::ranges::transform(scores, scores.begin(), probit);
  }
}

std::array<double, 2> two_class_scores(double second, FirstClass first, PostTransform transform) {
  const bool as_given = transform == PostTransform::kNone;
  const bool complement =
      transform == PostTransform::kProbit || (as_given && first == FirstClass::kComplement);
  std::array scores{complement ? 1 - second : -second, second};
  apply_post_transform(transform, scores);
  return scores;
}

}  // namespace lathe::ops
