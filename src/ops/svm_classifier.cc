#include <algorithm>
#include <cmath>

#include "base/checked_math.h"
#include "ir/domains.h"
#include "ops/class_labels.h"
#include "ops/list_attribute.h"
#include "ops/post_transform.h"
#include "ops/samples.h"
#include "ops/support_vectors.h"

namespace lathe::ops {
namespace {

// With support vectors, as LIBSVM has it: one decision for each pair of classes, and a vote by
// each. Without them one set of coefficients for each class, as LIBLINEAR has it.
struct SvmClassifier {
  ir::Tensor labels;
  PostTransform transform = PostTransform::kNone;
  VectorKernel kernel;
  std::span<const float> vectors;       // class by class, one behind the other
  std::span<const float> coefficients;  // [classes - 1, vectors], or [classes, features]
  std::span<const float> rho;
  std::span<const float> probability_a;  // of the pairs' sigmoids, or none
  std::span<const float> probability_b;
  std::vector<std::size_t> begins;  // of each class's vectors, and behind the last
  std::size_t features = 0;

  [[nodiscard]] std::size_t classes() const {
    return static_cast<std::size_t>(labels.num_elements());
  }
  [[nodiscard]] std::size_t pairs() const { return classes() * (classes() - 1) / 2; }
  [[nodiscard]] bool has_vectors() const { return begins.back() > 0; }
  [[nodiscard]] bool has_probabilities() const { return has_vectors() && !probability_a.empty(); }
  // A pair of two classes gets a score for each.
  [[nodiscard]] std::size_t scores() const {
    return !has_vectors() || has_probabilities() || pairs() == 1 ? classes() : pairs();
  }
};

Status check_support_vectors(SvmClassifier& svm, std::size_t class_counts) {
  if (class_counts != svm.classes()) {
    return invalid_data("vectors_per_class has {} values, but there are {} classes", class_counts,
                        svm.classes());
  }
  if (svm.classes() < 2) return invalid_data("there is 1 class, expected 2 or more");
  const std::size_t count = svm.begins.back();
  if (svm.vectors.size() % count != 0) {
    return invalid_data("support_vectors has {} values, expected as many for each of {}",
                        svm.vectors.size(), count);
  }
  svm.features = svm.vectors.size() / count;
  if (svm.coefficients.size() / (svm.classes() - 1) != count ||
      svm.coefficients.size() % (svm.classes() - 1) != 0) {
    return invalid_data("coefficients has {} values, expected {} for each of {} vectors",
                        svm.coefficients.size(), svm.classes() - 1, count);
  }
  const std::pair<std::string_view, std::size_t> lengths[] = {
      {"rho", svm.rho.size()},
      {"prob_a", svm.has_probabilities() ? svm.probability_a.size() : svm.pairs()},
      {"prob_b", svm.has_probabilities() ? svm.probability_b.size() : svm.pairs()}};
  for (const auto& [name, length] : lengths) {
    if (length < svm.pairs()) {
      return invalid_data("{} has {} values, expected one for each of {} pairs of classes", name,
                          length, svm.pairs());
    }
  }
  return {};
}

Result<SvmClassifier> read_svm_classifier(const Attributes& attributes) {
  SvmClassifier svm;
  ASSIGN_OR_RETURN(svm.labels, read_class_labels(attributes, "classlabels_ints"));
  ASSIGN_OR_RETURN(svm.transform, read_post_transform(attributes));
  ASSIGN_OR_RETURN(svm.kernel, VectorKernel::read(attributes));
  svm.vectors = list_attribute<float>(attributes, "support_vectors");
  svm.coefficients = list_attribute<float>(attributes, "coefficients");
  svm.rho = list_attribute<float>(attributes, "rho");
  svm.probability_a = list_attribute<float>(attributes, "prob_a");
  svm.probability_b = list_attribute<float>(attributes, "prob_b");
  const auto per_class = list_attribute<std::int64_t>(attributes, "vectors_per_class");
  std::int64_t total = 0;
  svm.begins.push_back(0);
  for (const std::int64_t count : per_class) {
    const auto sum = checked_sum(total, count);
    if (count < 0 || !sum) return invalid_data("vectors_per_class has the value {}", count);
    total = *sum;
    svm.begins.push_back(static_cast<std::size_t>(total));
  }
  if (svm.has_vectors()) {
    RETURN_IF_ERROR(check_support_vectors(svm, per_class.size()));
    return svm;
  }
  if (svm.rho.empty()) return invalid_data("rho is empty, expected a value");
  if (svm.coefficients.empty() || svm.coefficients.size() % svm.classes() != 0) {
    return invalid_data("coefficients has {} values, expected as many for each of {} classes",
                        svm.coefficients.size(), svm.classes());
  }
  svm.features = svm.coefficients.size() / svm.classes();
  return svm;
}

Result<Types> infer_svm_classifier(const InferContext& context) {
  ASSIGN_OR_RETURN(const SvmClassifier svm, read_svm_classifier(context.attributes()));
  ASSIGN_OR_RETURN(const Samples samples, infer_samples(context));
  RETURN_IF_ERROR(require_features(samples, static_cast<std::int64_t>(svm.features)));
  return std::vector{
      ir::TensorType{svm.labels.data_type(), ir::Shape{samples.count}},
      ir::TensorType{ir::DataType::kFloat32,
                     ir::Shape{samples.count, static_cast<std::int64_t>(svm.scores())}}};
}

// The decision of each pair of classes: positive for the first.
std::vector<double> decide_pairs(const SvmClassifier& svm, std::span<const double> sample) {
  const std::size_t count = svm.begins.back();
  std::vector<double> likeness(count);
  for (std::size_t v = 0; v < count; ++v)
    likeness[v] = svm.kernel(sample, svm.vectors.subspan(v * svm.features, svm.features));
  // The share of one class's vectors, with the coefficients that they have against another.
  const auto share = [&](std::size_t own, std::size_t row) {
    double sum = 0;
    for (std::size_t v = svm.begins[own]; v < svm.begins[own + 1]; ++v)
      sum += static_cast<double>(svm.coefficients[row * count + v]) * likeness[v];
    return sum;
  };
  std::vector<double> decisions;
  for (std::size_t i = 0; i < svm.classes(); ++i) {
    for (std::size_t j = i + 1; j < svm.classes(); ++j) {
      decisions.push_back(share(i, j - 1) + share(j, i) +
                          static_cast<double>(svm.rho[decisions.size()]));
    }
  }
  return decisions;
}

std::size_t class_of_most_votes(std::span<const double> decisions, std::size_t classes) {
  std::vector<double> votes(classes, 0);
  std::size_t pair = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j) ++votes[decisions[pair++] > 0 ? i : j];
  }
  return top_class(votes);
}

// Probabilities of classes from those of pairs, by the second method of Wu, Lin and Weng
// (Probability Estimates for Multi-class Classification by Pairwise Coupling), as LIBSVM has it.
std::vector<double> couple_pairs(std::span<const double> wins, std::size_t classes) {
  constexpr int kMostRounds = 100;
  const double tolerance = 0.005 / static_cast<double>(classes);
  const auto win = [&](std::size_t i, std::size_t j) { return wins[i * classes + j]; };
  std::vector<double> q(classes * classes, 0);
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = 0; j < classes; ++j) {
      if (i == j) continue;
      q[i * classes + i] += win(j, i) * win(j, i);
      q[i * classes + j] = -win(j, i) * win(i, j);
    }
  }
  std::vector<double> p(classes, 1 / static_cast<double>(classes));
  std::vector<double> qp(classes);
  for (int round = 0; round < kMostRounds; ++round) {
    double pqp = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      qp[i] = 0;
      for (std::size_t j = 0; j < classes; ++j) qp[i] += q[i * classes + j] * p[j];
      pqp += p[i] * qp[i];
    }
    double error = 0;
    for (const double value : qp) error = std::max(error, std::abs(value - pqp));
    if (error < tolerance) break;
    for (std::size_t i = 0; i < classes; ++i) {
      const double own = q[i * classes + i];
      const double step = (pqp - qp[i]) / own;
      p[i] += step;
      pqp = (pqp + step * (step * own + 2 * qp[i])) / (1 + step) / (1 + step);
      for (std::size_t j = 0; j < classes; ++j) {
        qp[j] = (qp[j] + step * q[i * classes + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
  return p;
}

std::vector<double> probabilities(const SvmClassifier& svm, std::span<const double> decisions) {
  constexpr double kLeast = 1e-7;
  const std::size_t classes = svm.classes();
  std::vector<double> wins(classes * classes, 0);
  std::size_t pair = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j, ++pair) {
      const double a = static_cast<double>(svm.probability_a[pair]);
      const double b = static_cast<double>(svm.probability_b[pair]);
      const double win = std::clamp(1 - logistic(decisions[pair] * a + b), kLeast, 1 - kLeast);
      wins[i * classes + j] = win;
      wins[j * classes + i] = 1 - win;
    }
  }
  return couple_pairs(wins, classes);
}

// The class, and the scores of one sample.
std::pair<std::size_t, std::vector<double>> classify_sample(const SvmClassifier& svm,
                                                            std::span<const double> sample) {
  if (!svm.has_vectors()) {
    std::vector<double> scores(svm.classes(), static_cast<double>(svm.rho[0]));
    for (std::size_t k = 0; k < scores.size(); ++k)
      scores[k] += weighted_sum(sample, svm.coefficients.subspan(k * svm.features));
    const std::size_t top = top_class(scores);
    apply_post_transform(svm.transform, scores);
    return {top, std::move(scores)};
  }
  std::vector<double> scores = decide_pairs(svm, sample);
  const std::size_t top = class_of_most_votes(scores, svm.classes());
  if (svm.has_probabilities()) {
    scores = probabilities(svm, scores);
  } else if (svm.pairs() == 1) {
    const auto both = two_class_scores(scores[0], FirstClass::kOpposite, svm.transform);
    return {top, {both.begin(), both.end()}};
  }
  apply_post_transform(svm.transform, scores);
  return {top, std::move(scores)};
}

Result<Values> evaluate_svm_classifier(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const SvmClassifier svm, read_svm_classifier(context.attributes()));
  const std::int64_t count = sample_count(x);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(svm.labels.data_type(), std::vector{count}));
  ASSIGN_OR_RETURN(ir::Tensor z,
                   ir::Tensor::create(ir::DataType::kFloat32,
                                      std::vector{count, static_cast<std::int64_t>(svm.scores())}));
  const auto out = z.mutable_data<float>();
  LabelWriter labels(svm.labels, y);
  for_each_sample(x, [&](std::size_t i, std::span<const double> sample) {
    const auto [label, scores] = classify_sample(svm, sample);
    labels.write(i, label);
    for (std::size_t k = 0; k < scores.size(); ++k)
      out[i * scores.size() + k] = static_cast<float>(scores[k]);
  });
  return std::vector{std::move(y), std::move(z)};
}

}  // namespace

OpDef define_SVMClassifier() {
  return {.name = "SVMClassifier",
          .domain = ir::kMlDomain,
          .infer = infer_svm_classifier,
          .evaluate = evaluate_svm_classifier};
}

}  // namespace lathe::ops
