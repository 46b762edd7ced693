#include <algorithm>
#include <cmath>

#include "ops/decision_trees.h"
#include "ops/list_attribute.h"

namespace lathe::ops {
namespace {

using Place = DecisionTrees::Place;

// A tensor attribute as doubles.
Result<std::vector<double>> doubles_of(const Attributes& attributes, std::string_view name) {
  const ir::Attribute* attribute = attributes.find(name);
  if (attribute == nullptr) return std::vector<double>{};
  const auto& tensor = std::get<ir::Tensor>(*attribute);
  if (!ir::is_floating_point(tensor.data_type())) {
    return invalid_data("{} is {}, expected floating point", name,
                        ir::data_type_name(tensor.data_type()));
  }
  const ir::Tensor doubles = tensor.cast(ir::DataType::kFloat64);
  const auto values = doubles.data<double>();
  return std::vector<double>(values.begin(), values.end());
}

Result<std::vector<TreeTest>> read_tests(const Attributes& attributes) {
  const auto& tensor = std::get<ir::Tensor>(*attributes.find("nodes_modes"));
  if (tensor.data_type() != ir::DataType::kUint8) {
    return invalid_data("nodes_modes is {}, expected uint8",
                        ir::data_type_name(tensor.data_type()));
  }
  std::vector<TreeTest> tests;
  for (const std::uint8_t number : tensor.data<std::uint8_t>()) {
    if (number > static_cast<std::uint8_t>(TreeTest::kMember))
      return invalid_data("nodes_modes has the value {}, expected 0 to 6", number);
    tests.push_back(static_cast<TreeTest>(number));
  }
  return tests;
}

// One branch of all nodes.
struct Branch {
  std::string name;
  std::span<const std::int64_t> to;
  std::span<const std::int64_t> leafs;

  [[nodiscard]] Result<Place> place(std::size_t i, std::size_t nodes, std::size_t leaves) const {
    const bool is_leaf = leafs[i] != 0;
    const auto count = static_cast<std::int64_t>(is_leaf ? leaves : nodes);
    if (to[i] < 0 || to[i] >= count) {
      return invalid_data("{}[{}] is {}, but there are {} {}", name, i, to[i], count,
                          is_leaf ? "leaves" : "nodes");
    }
    return Place{static_cast<std::size_t>(to[i]), is_leaf};
  }
};

// Sets of members, in the order of their nodes, with what is no number between them.
Status read_members(const Attributes& attributes, DecisionTrees& trees) {
  ASSIGN_OR_RETURN(trees.members, doubles_of(attributes, "membership_values"));
  std::size_t next = 0;
  for (std::size_t i = 0; i < trees.nodes.size(); ++i) {
    DecisionTrees::Node& node = trees.nodes[i];
    if (node.test != TreeTest::kMember) continue;
    if (next >= trees.members.size())
      return invalid_data("membership_values has no members for node {}", i);
    const auto begin = trees.members.begin() + static_cast<std::ptrdiff_t>(next);
    const auto end =
        std::find_if(begin, trees.members.end(), [](double m) { return std::isnan(m); });
    node.first_member = next;
    node.member_count = static_cast<std::size_t>(end - begin);
    next += node.member_count + 1;
  }
  if (next < trees.members.size())
    return invalid_data("membership_values has more sets than there are nodes to test for them");
  return {};
}

// Every node is reached from one root, on one way.
Status check_shape(const DecisionTrees& trees) {
  std::vector<std::uint8_t> reached(trees.nodes.size(), 0);
  std::vector<std::size_t> open;
  const auto reach = [&](const Place& place) -> Status {
    if (place.is_leaf) return {};
    if (reached[place.index] != 0)
      return invalid_data("node {} is reached on two ways, expected trees", place.index);
    reached[place.index] = 1;
    open.push_back(place.index);
    return {};
  };
  for (const Place& root : trees.roots) RETURN_IF_ERROR(reach(root));
  while (!open.empty()) {
    const DecisionTrees::Node& node = trees.nodes[open.back()];
    open.pop_back();
    RETURN_IF_ERROR(reach(node.if_true));
    RETURN_IF_ERROR(reach(node.if_false));
  }
  const auto lost = std::ranges::find(reached, std::uint8_t{0});
  if (lost == reached.end()) return {};
  return invalid_data("node {} is reached from no root", lost - reached.begin());
}

}  // namespace

Result<DecisionTrees> read_trees_by_position(const Attributes& attributes, std::int64_t targets) {
  const auto ints = [&](std::string_view name) {
    return list_attribute<std::int64_t>(attributes, name);
  };
  const Branch if_true{"nodes_truenodeids", ints("nodes_truenodeids"), ints("nodes_trueleafs")};
  const Branch if_false{"nodes_falsenodeids", ints("nodes_falsenodeids"), ints("nodes_falseleafs")};
  const auto features = ints("nodes_featureids");
  const auto missing = ints("nodes_missing_value_tracks_true");
  const auto leaf_targets = ints("leaf_targetids");
  ASSIGN_OR_RETURN(const std::vector<TreeTest> tests, read_tests(attributes));
  ASSIGN_OR_RETURN(const std::vector<double> splits, doubles_of(attributes, "nodes_splits"));
  ASSIGN_OR_RETURN(const std::vector<double> leaf_weights, doubles_of(attributes, "leaf_weights"));
  const std::size_t count = features.size();
  const std::pair<std::string_view, std::size_t> lengths[] = {
      {"nodes_modes", tests.size()},
      {"nodes_splits", splits.size()},
      {"nodes_truenodeids", if_true.to.size()},
      {"nodes_trueleafs", if_true.leafs.size()},
      {"nodes_falsenodeids", if_false.to.size()},
      {"nodes_falseleafs", if_false.leafs.size()},
      {"nodes_missing_value_tracks_true", missing.empty() ? count : missing.size()}};
  for (const auto& [name, length] : lengths) {
    if (length != count) {
      return invalid_data("{} has {} values, but nodes_featureids has {}: expected as many", name,
                          length, count);
    }
  }
  const std::size_t leaves = leaf_targets.size();
  if (leaf_weights.size() != leaves) {
    return invalid_data("leaf_weights has {} values, but leaf_targetids has {}: expected as many",
                        leaf_weights.size(), leaves);
  }

  DecisionTrees trees;
  for (std::size_t i = 0; i < count; ++i) {
    if (features[i] < 0) return invalid_data("nodes_featureids has the value {}", features[i]);
    trees.last_feature = std::max(trees.last_feature, features[i]);
    DecisionTrees::Node node;
    node.test = tests[i];
    node.missing_passes = !missing.empty() && missing[i] != 0;
    node.feature = static_cast<std::size_t>(features[i]);
    node.split = splits[i];
    ASSIGN_OR_RETURN(node.if_true, if_true.place(i, count, leaves));
    ASSIGN_OR_RETURN(node.if_false, if_false.place(i, count, leaves));
    trees.nodes.push_back(node);
  }
  for (const std::int64_t root : ints("tree_roots")) {
    if (root < 0 || root >= static_cast<std::int64_t>(count))
      return invalid_data("tree_roots has the value {}, but there are {} nodes", root, count);
    trees.roots.push_back({static_cast<std::size_t>(root), false});
  }
  RETURN_IF_ERROR(check_shape(trees));
  RETURN_IF_ERROR(read_members(attributes, trees));
  for (std::size_t i = 0; i < leaves; ++i) {
    if (leaf_targets[i] < 0 || leaf_targets[i] >= targets) {
      return invalid_data("leaf_targetids has the value {}, expected 0 to {}", leaf_targets[i],
                          targets - 1);
    }
    trees.leaf_begins.push_back(i);
    trees.weights.push_back({static_cast<std::size_t>(leaf_targets[i]), leaf_weights[i]});
  }
  trees.leaf_begins.push_back(leaves);
  return trees;
}

}  // namespace lathe::ops
