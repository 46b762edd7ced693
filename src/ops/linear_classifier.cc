#include "ir/domains.h"
#include "ops/class_labels.h"
#include "ops/list_attribute.h"
#include "ops/post_transform.h"
#include "ops/samples.h"

namespace lathe::ops {
namespace {

// One set of coefficients for each class, or for the positive one of two. How they were trained
// (multi_class) makes no difference.
struct LinearClassifier {
  ir::Tensor labels;
  PostTransform transform = PostTransform::kNone;
  std::span<const float> coefficients;
  std::span<const float> intercepts;  // or none

  [[nodiscard]] std::int64_t classes() const { return labels.num_elements(); }
};

// One for each intercept. Without intercepts the number of features tells, where it is known,
// whether two classes have one set or two of half the length.
Result<std::int64_t> count_sets(const LinearClassifier& classifier, const ir::Dim& features) {
  const auto coefficients = static_cast<std::int64_t>(classifier.coefficients.size());
  const auto intercepts = static_cast<std::int64_t>(classifier.intercepts.size());
  const std::int64_t classes = classifier.classes();
  std::int64_t sets = intercepts > 0 ? intercepts : classes;
  const bool is_one = features.known() ? features.value() == coefficients : coefficients % 2 != 0;
  if (intercepts == 0 && classes == 2 && is_one) sets = 1;
  if (sets != classes && !(sets == 1 && classes == 2)) {
    return invalid_data("intercepts has {} values, but there are {} classes", intercepts, classes);
  }
  if (coefficients == 0 || coefficients % sets != 0) {
    return invalid_data("coefficients has {} values, expected as many for each of {} sets",
                        coefficients, sets);
  }
  return sets;
}

Result<LinearClassifier> read_linear_classifier(const Attributes& attributes) {
  LinearClassifier classifier;
  ASSIGN_OR_RETURN(classifier.labels, read_class_labels(attributes, "classlabels_ints"));
  ASSIGN_OR_RETURN(classifier.transform, read_post_transform(attributes));
  classifier.coefficients = list_attribute<float>(attributes, "coefficients");
  classifier.intercepts = list_attribute<float>(attributes, "intercepts");
  return classifier;
}

Result<Types> infer_linear_classifier(const InferContext& context) {
  ASSIGN_OR_RETURN(const LinearClassifier classifier, read_linear_classifier(context.attributes()));
  ASSIGN_OR_RETURN(const Samples samples, infer_samples(context));
  ASSIGN_OR_RETURN(const std::int64_t sets, count_sets(classifier, samples.features));
  RETURN_IF_ERROR(
      require_features(samples, static_cast<std::int64_t>(classifier.coefficients.size()) / sets));
  return std::vector{
      ir::TensorType{classifier.labels.data_type(), ir::Shape{samples.count}},
      ir::TensorType{ir::DataType::kFloat32, ir::Shape{samples.count, classifier.classes()}}};
}

Result<Values> evaluate_linear_classifier(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const LinearClassifier classifier, read_linear_classifier(context.attributes()));
  ASSIGN_OR_RETURN(const std::int64_t sets, count_sets(classifier, x.dims().back()));
  const std::int64_t count = sample_count(x);
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(classifier.labels.data_type(), std::vector{count}));
  ASSIGN_OR_RETURN(ir::Tensor z, ir::Tensor::create(ir::DataType::kFloat32,
                                                    std::vector{count, classifier.classes()}));
  const auto out = z.mutable_data<float>();
  LabelWriter labels(classifier.labels, y);
  std::vector<double> scores(static_cast<std::size_t>(sets));
  for_each_sample(x, [&](std::size_t i, std::span<const double> features) {
    for (std::size_t k = 0; k < scores.size(); ++k) {
      double score = weighted_sum(features, classifier.coefficients.subspan(k * features.size()));
      if (!classifier.intercepts.empty()) score += static_cast<double>(classifier.intercepts[k]);
      scores[k] = static_cast<double>(static_cast<float>(score));
    }
    const auto store = [&](std::span<const double> transformed) {
      for (std::size_t k = 0; k < transformed.size(); ++k)
        out[i * transformed.size() + k] = static_cast<float>(transformed[k]);
    };
    if (sets == 1 && classifier.classes() == 2) {
      labels.write(i, scores[0] > 0 ? 1 : 0);
      return store(two_class_scores(scores[0], FirstClass::kComplement, classifier.transform));
    }
    if (sets == 1) {
      scores[0] > 0 ? labels.write(i, 0) : labels.write_none(i);
    } else {
      labels.write(i, top_class(scores));
    }
    apply_post_transform(classifier.transform, scores);
    store(scores);
  });
  return std::vector{std::move(y), std::move(z)};
}

}  // namespace

OpDef define_LinearClassifier() {
  return {.name = "LinearClassifier",
          .domain = ir::kMlDomain,
          .infer = infer_linear_classifier,
          .evaluate = evaluate_linear_classifier};
}

}  // namespace lathe::ops
