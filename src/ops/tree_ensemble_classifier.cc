#include <algorithm>

#include "ir/domains.h"
#include "ops/class_labels.h"
#include "ops/decision_trees.h"
#include "ops/list_attribute.h"
#include "ops/post_transform.h"

namespace lathe::ops {
namespace {

struct TreeClassifier {
  DecisionTrees trees;
  ir::Tensor labels;
  PostTransform transform = PostTransform::kNone;
  std::vector<double> base;
  bool one_set = false;      // all weights are of one class
  std::size_t only = 0;      // that class
  bool all_positive = true;  // no weight is negative
  bool decides_in_double = false;

  [[nodiscard]] std::size_t classes() const {
    return static_cast<std::size_t>(labels.num_elements());
  }
};

Result<TreeClassifier> read_tree_classifier(const Attributes& attributes) {
  TreeClassifier classifier;
  ASSIGN_OR_RETURN(classifier.labels, read_class_labels(attributes, "classlabels_int64s"));
  ASSIGN_OR_RETURN(classifier.transform, read_post_transform(attributes));
  ASSIGN_OR_RETURN(classifier.base, read_reals(attributes, "base_values"));
  ASSIGN_OR_RETURN(classifier.trees,
                   read_trees_by_id(attributes, "class", classifier.labels.num_elements()));
  const auto ids = list_attribute<std::int64_t>(attributes, "class_ids");
  classifier.one_set = classifier.classes() <= 2 && !ids.empty() &&
                       std::ranges::all_of(ids, [&](std::int64_t id) { return id == ids[0]; });
  if (classifier.one_set) classifier.only = static_cast<std::size_t>(ids[0]);
  const std::size_t given = classifier.base.size();
  if (given != 0 && given != classifier.classes() && !(given == 1 && classifier.one_set)) {
    return invalid_data("base_values has {} values, expected none or {}", given,
                        classifier.classes());
  }
  ASSIGN_OR_RETURN(const std::vector<double> weights, read_reals(attributes, "class_weights"));
  classifier.all_positive = std::ranges::none_of(weights, [](double weight) { return weight < 0; });
  classifier.decides_in_double = has_doubles(attributes, "class_weights");
  return classifier;
}

Result<Types> infer_tree_classifier(const InferContext& context) {
  ASSIGN_OR_RETURN(const TreeClassifier classifier, read_tree_classifier(context.attributes()));
  RETURN_IF_ERROR(require_features_for(classifier.trees, context));
  const auto& shape = context.input(0).shape;
  const ir::Dim count = shape ? (*shape)[0] : ir::Dim();
  return std::vector{
      ir::TensorType{classifier.labels.data_type(), ir::Shape{count}},
      ir::TensorType{ir::DataType::kFloat32, ir::Shape{count, classifier.labels.num_elements()}}};
}

// Labels and scores of samples.
class TreeVotes {
 public:
  TreeVotes(const TreeClassifier& classifier, bool decides_in_double, ir::Tensor& y, ir::Tensor& z)
      : classifier_(classifier),
        decides_in_double_(decides_in_double),
        labels_(classifier.labels, y),
        scores_(z.mutable_data<float>()) {}

  // Of sample i, whose classes have got these weights. They are changed.
  void write(std::size_t i, std::span<double> scores) {
    const TreeClassifier& c = classifier_;
    const std::size_t classes = c.classes();
    if (c.base.size() == classes) {
      for (std::size_t k = 0; k < classes; ++k) scores[k] += c.base[k];
    } else if (!c.base.empty()) {
      scores[c.only] += c.base[0];
    }
    if (!decides_in_double_) {
      for (double& score : scores) score = static_cast<double>(static_cast<float>(score));
    }
    if (c.one_set) {
      write_one_set(i, scores);
    } else {
      labels_.write(i, top_class(scores));
      apply_post_transform(c.transform, scores);
      store(i, scores);
    }
  }

 private:
  // The weights are those of the positive class, as ONNX Runtime has it: the second one of two, or
  // the only one. What there has to be more of depends on whether they are probabilities.
  void write_one_set(std::size_t i, std::span<double> scores) {
    const TreeClassifier& c = classifier_;
    const double score = scores[c.only];
    if (c.classes() == 1) {
      score > 0 ? labels_.write(i, 0) : labels_.write_none(i);
    } else {
      labels_.write(i, score > (c.all_positive ? 0.5 : 0.0) ? 1 : 0);
    }
    if (c.classes() == 2 && c.only == 0) {
      store(i, two_class_scores(score,
                                c.all_positive ? FirstClass::kComplement : FirstClass::kOpposite,
                                c.transform));
    } else {
      apply_post_transform(c.transform, scores);
      store(i, scores);
    }
  }

  void store(std::size_t i, std::span<const double> scores) {
    for (std::size_t k = 0; k < scores.size(); ++k)
      scores_[i * scores.size() + k] = static_cast<float>(scores[k]);
  }

  const TreeClassifier& classifier_;
  bool decides_in_double_;
  LabelWriter labels_;
  std::span<float> scores_;
};

Result<Values> evaluate_tree_classifier(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const TreeClassifier classifier, read_tree_classifier(context.attributes()));
  const std::int64_t classes = classifier.labels.num_elements();
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(classifier.labels.data_type(), std::vector{x.dim(0)}));
  ASSIGN_OR_RETURN(ir::Tensor z,
                   ir::Tensor::create(ir::DataType::kFloat32, std::vector{x.dim(0), classes}));
  TreeVotes votes(classifier,
                  classifier.decides_in_double || x.data_type() == ir::DataType::kFloat64, y, z);
  RETURN_IF_ERROR(
      for_each_scored(classifier.trees, TreeAggregate::kSum, classes, x,
                      [&](std::size_t i, std::span<double> scores) { votes.write(i, scores); }));
  return std::vector{std::move(y), std::move(z)};
}

}  // namespace

OpDef define_TreeEnsembleClassifier() {
  return {.name = "TreeEnsembleClassifier",
          .domain = ir::kMlDomain,
          .infer = infer_tree_classifier,
          .evaluate = evaluate_tree_classifier};
}

}  // namespace lathe::ops
