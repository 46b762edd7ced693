#include "ops/decision_trees.h"

#include <algorithm>
#include <cmath>

#include "ops/list_attribute.h"

namespace lathe::ops {
namespace {

bool passes(const DecisionTrees& trees, const DecisionTrees::Node& node, double feature) {
  if (std::isnan(feature)) return node.missing_passes;
  switch (node.test) {
    case TreeTest::kLessOrEqual:
      return feature <= node.split;
    case TreeTest::kLess:
      return feature < node.split;
    case TreeTest::kGreaterOrEqual:
      return feature >= node.split;
    case TreeTest::kGreater:
      return feature > node.split;
    case TreeTest::kEqual:
      return feature == node.split;
    case TreeTest::kNotEqual:
      return feature != node.split;
    case TreeTest::kMember:
      break;
  }
  const auto members = std::span(trees.members).subspan(node.first_member, node.member_count);
  return std::ranges::find(members, feature) != members.end();
}

double join(TreeAggregate aggregate, double before, double weight) {
  switch (aggregate) {
    case TreeAggregate::kMin:
      return std::min(before, weight);
    case TreeAggregate::kMax:
      return std::max(before, weight);
    default:
      return before + weight;
  }
}

}  // namespace

std::span<const DecisionTrees::Weight> DecisionTrees::weights_for(
    Place root, std::span<const double> sample) const {
  Place at = root;
  while (!at.is_leaf) {
    const Node& node = nodes[at.index];
    at = passes(*this, node, sample[node.feature]) ? node.if_true : node.if_false;
  }
  const std::size_t begin = leaf_begins[at.index];
  return std::span(weights).subspan(begin, leaf_begins[at.index + 1] - begin);
}

void aggregate_weights(const DecisionTrees& trees, TreeAggregate aggregate,
                       std::span<const double> sample, std::span<double> scores,
                       std::span<std::uint8_t> seen) {
  std::ranges::fill(scores, 0.0);
  std::ranges::fill(seen, std::uint8_t{0});
  for (const DecisionTrees::Place root : trees.roots) {
    for (const DecisionTrees::Weight& weight : trees.weights_for(root, sample)) {
      double& score = scores[weight.target];
      score = seen[weight.target] != 0 ? join(aggregate, score, weight.value) : weight.value;
      seen[weight.target] = 1;
    }
  }
  if (aggregate != TreeAggregate::kAverage || trees.roots.empty()) return;
  for (double& score : scores) score /= static_cast<double>(trees.roots.size());
}

Status require_features_for(const DecisionTrees& trees, const InferContext& context) {
  const auto& shape = context.input(0).shape;
  if (!shape) return {};
  if (shape->size() != 2) {
    return invalid_data("{} has shape {}, expected [samples,features]", context.place(0),
                        ir::to_string(*shape));
  }
  const ir::Dim& features = (*shape)[1];
  if (!features.known() || trees.last_feature < features.value()) return {};
  return invalid_data("nodes_featureids has {}, but samples have {} features", trees.last_feature,
                      features.value());
}

Result<std::vector<double>> read_reals(const Attributes& attributes, std::string_view name) {
  const auto list = list_attribute<float>(attributes, name);
  const std::string tensor_name = fmt::format("{}_as_tensor", name);
  const ir::Attribute* attribute = attributes.find(tensor_name);
  if (attribute == nullptr) return std::vector<double>(list.begin(), list.end());
  const auto& tensor = std::get<ir::Tensor>(*attribute);
  if (!list.empty()) return invalid_data("{} and {} are both given", name, tensor_name);
  if (!ir::is_floating_point(tensor.data_type())) {
    return invalid_data("{} is {}, expected floating point", tensor_name,
                        ir::data_type_name(tensor.data_type()));
  }
  const ir::Tensor doubles = tensor.cast(ir::DataType::kFloat64);
  const auto values = doubles.data<double>();
  return std::vector<double>(values.begin(), values.end());
}

bool has_doubles(const Attributes& attributes, std::string_view name) {
  const ir::Attribute* attribute = attributes.find(fmt::format("{}_as_tensor", name));
  return attribute != nullptr &&
         std::get<ir::Tensor>(*attribute).data_type() == ir::DataType::kFloat64;
}

}  // namespace lathe::ops
