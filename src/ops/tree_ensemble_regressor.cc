#include <algorithm>
#include <array>

#include "ir/domains.h"
#include "ops/decision_trees.h"
#include "ops/post_transform.h"

namespace lathe::ops {
namespace {

struct Regressor {
  DecisionTrees trees;
  std::int64_t targets = 0;
  TreeAggregate aggregate = TreeAggregate::kSum;
  PostTransform transform = PostTransform::kNone;
  std::vector<double> base;
};

Result<TreeAggregate> read_aggregate(const std::string& name) {
  constexpr std::array<std::string_view, 4> kNames = {"AVERAGE", "SUM", "MIN", "MAX"};
  const auto* const found = std::ranges::find(kNames, name);
  if (found == kNames.end())
    return invalid_data("aggregate_function is '{}', expected AVERAGE, SUM, MIN or MAX", name);
  return static_cast<TreeAggregate>(found - kNames.begin());
}

Result<Regressor> read_tree_regressor(const Attributes& attributes) {
  Regressor regressor;
  const std::int64_t* targets = attributes.find_int("n_targets");
  if (targets == nullptr || *targets < 1)
    return invalid_data("n_targets is {}, expected 1 or more", targets == nullptr ? 0 : *targets);
  regressor.targets = *targets;
  ASSIGN_OR_RETURN(regressor.aggregate,
                   read_aggregate(attributes.get_string("aggregate_function")));
  ASSIGN_OR_RETURN(regressor.transform, read_post_transform(attributes));
  ASSIGN_OR_RETURN(regressor.base, read_reals(attributes, "base_values"));
  if (!regressor.base.empty() &&
      static_cast<std::int64_t>(regressor.base.size()) != regressor.targets) {
    return invalid_data("base_values has {} values, expected none or {}", regressor.base.size(),
                        regressor.targets);
  }
  ASSIGN_OR_RETURN(regressor.trees, read_trees_by_id(attributes, "target", regressor.targets));
  return regressor;
}

Result<Types> infer_tree_regressor(const InferContext& context) {
  ASSIGN_OR_RETURN(const Regressor regressor, read_tree_regressor(context.attributes()));
  RETURN_IF_ERROR(require_features_for(regressor.trees, context));
  const auto& shape = context.input(0).shape;
  const ir::Dim count = shape ? (*shape)[0] : ir::Dim();
  return std::vector{ir::TensorType{ir::DataType::kFloat32, ir::Shape{count, regressor.targets}}};
}

Result<Values> evaluate_tree_regressor(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const Regressor regressor, read_tree_regressor(context.attributes()));
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    std::vector{x.dim(0), regressor.targets}));
  const auto out = y.mutable_data<float>();
  RETURN_IF_ERROR(for_each_scored(regressor.trees, regressor.aggregate, regressor.targets, x,
                                  [&](std::size_t i, std::span<double> scores) {
                                    for (std::size_t t = 0; t < regressor.base.size(); ++t)
                                      scores[t] += regressor.base[t];
                                    apply_post_transform(regressor.transform, scores);
                                    for (std::size_t t = 0; t < scores.size(); ++t)
                                      out[i * scores.size() + t] = static_cast<float>(scores[t]);
                                  }));
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_TreeEnsembleRegressor() {
  return {.name = "TreeEnsembleRegressor",
          .domain = ir::kMlDomain,
          .infer = infer_tree_regressor,
          .evaluate = evaluate_tree_regressor};
}

}  // namespace lathe::ops
