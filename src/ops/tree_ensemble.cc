#include "ir/domains.h"
#include "ops/decision_trees.h"
#include "ops/post_transform.h"

namespace lathe::ops {
namespace {

struct Ensemble {
  DecisionTrees trees;
  std::int64_t targets = 0;
  TreeAggregate aggregate = TreeAggregate::kSum;
  PostTransform transform = PostTransform::kNone;
};

Result<Ensemble> read_ensemble(const Attributes& attributes) {
  Ensemble ensemble;
  const std::int64_t* targets = attributes.find_int("n_targets");
  if (targets == nullptr || *targets < 1)
    return invalid_data("n_targets is {}, expected 1 or more", targets == nullptr ? 0 : *targets);
  ensemble.targets = *targets;
  const std::int64_t aggregate = attributes.get_int("aggregate_function");
  if (aggregate < 0 || aggregate > static_cast<std::int64_t>(TreeAggregate::kMax))
    return invalid_data("aggregate_function is {}, expected 0 to 3", aggregate);
  ensemble.aggregate = static_cast<TreeAggregate>(aggregate);
  ASSIGN_OR_RETURN(ensemble.transform,
                   post_transform_from_number(attributes.get_int("post_transform")));
  ASSIGN_OR_RETURN(ensemble.trees, read_trees_by_position(attributes, ensemble.targets));
  return ensemble;
}

// Samples of float16 may be computed with in float32, where the trees stay as they are.
Status check_tensor_types(const InferContext& context) {
  const ir::DataType x = context.input(0).data_type;
  for (const char* name : {"nodes_splits", "leaf_weights", "membership_values"}) {
    const ir::Attribute* attribute = context.attributes().find(name);
    if (attribute == nullptr || x == ir::DataType::kUndefined) continue;
    const ir::DataType type = std::get<ir::Tensor>(*attribute).data_type();
    if (type == x || (type == ir::DataType::kFloat16 && x == ir::DataType::kFloat32)) continue;
    return invalid_data("{} is {}, but {} is {}: both must be of one type", name,
                        ir::data_type_name(type), context.place(0), ir::data_type_name(x));
  }
  return {};
}

Result<Types> infer_tree_ensemble(const InferContext& context) {
  RETURN_IF_ERROR(check_tensor_types(context));
  const ir::TensorType& x = context.input(0);
  ASSIGN_OR_RETURN(const Ensemble ensemble, read_ensemble(context.attributes()));
  RETURN_IF_ERROR(require_features_for(ensemble.trees, context));
  const ir::Dim count = x.shape ? (*x.shape)[0] : ir::Dim();
  return std::vector{ir::TensorType{x.data_type, ir::Shape{count, ensemble.targets}}};
}

Result<Values> evaluate_tree_ensemble(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const Ensemble ensemble, read_ensemble(context.attributes()));
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), std::vector{x.dim(0), ensemble.targets}));
  Status scored;
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto out = y.mutable_data<T>();
    scored = for_each_scored(ensemble.trees, ensemble.aggregate, ensemble.targets, x,
                             [&](std::size_t i, std::span<double> scores) {
                               apply_post_transform(ensemble.transform, scores);
                               for (std::size_t t = 0; t < scores.size(); ++t)
                                 out[i * scores.size() + t] = static_cast<T>(scores[t]);
                             });
  });
  RETURN_IF_ERROR(scored);
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_TreeEnsemble() {
  return {.name = "TreeEnsemble",
          .domain = ir::kMlDomain,
          .infer = infer_tree_ensemble,
          .evaluate = evaluate_tree_ensemble};
}

}  // namespace lathe::ops
