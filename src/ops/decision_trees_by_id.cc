#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "ops/decision_trees.h"
#include "ops/list_attribute.h"

namespace lathe::ops {
namespace {

// The attributes that describe nodes, all of one length.
struct NodeLists {
  std::span<const std::int64_t> trees;
  std::span<const std::int64_t> nodes;
  std::span<const std::int64_t> features;
  std::span<const std::int64_t> if_true;
  std::span<const std::int64_t> if_false;
  std::span<const std::int64_t> missing;  // or none
  std::span<const std::string> modes;
  std::vector<double> values;

  [[nodiscard]] std::size_t size() const { return nodes.size(); }
  [[nodiscard]] bool is_leaf(std::size_t i) const { return modes[i] == "LEAF"; }
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> id(std::size_t i) const {
    return {trees[i], nodes[i]};
  }
  [[nodiscard]] std::string describe(std::size_t i) const {
    return fmt::format("node {} of tree {}", nodes[i], trees[i]);
  }
};

Status require_length(std::string_view name, std::size_t length, std::size_t wanted,
                      std::string_view model) {
  if (length == wanted) return {};
  return invalid_data("{} has {} values, but {} has {}: expected as many", name, length, model,
                      wanted);
}

Result<NodeLists> read_node_lists(const Attributes& attributes) {
  const auto ints = [&](std::string_view name) {
    return list_attribute<std::int64_t>(attributes, name);
  };
  NodeLists lists{.trees = ints("nodes_treeids"),
                  .nodes = ints("nodes_nodeids"),
                  .features = ints("nodes_featureids"),
                  .if_true = ints("nodes_truenodeids"),
                  .if_false = ints("nodes_falsenodeids"),
                  .missing = ints("nodes_missing_value_tracks_true"),
                  .modes = list_attribute<std::string>(attributes, "nodes_modes"),
                  .values = {}};
  ASSIGN_OR_RETURN(lists.values, read_reals(attributes, "nodes_values"));
  const std::pair<std::string_view, std::size_t> lengths[] = {
      {"nodes_treeids", lists.trees.size()},
      {"nodes_featureids", lists.features.size()},
      {"nodes_truenodeids", lists.if_true.size()},
      {"nodes_falsenodeids", lists.if_false.size()},
      {"nodes_modes", lists.modes.size()},
      {"nodes_values", lists.values.size()},
      {"nodes_missing_value_tracks_true",
       lists.missing.empty() ? lists.size() : lists.missing.size()}};
  for (const auto& [name, length] : lengths)
    RETURN_IF_ERROR(require_length(name, length, lists.size(), "nodes_nodeids"));
  return lists;
}

// Positions of nodes by their tree's number and theirs in it.
class NodeIds {
 public:
  static Result<NodeIds> create(const NodeLists& lists) {
    NodeIds ids(lists);
    const auto id = [&](std::size_t i) { return lists.id(i); };
    std::ranges::stable_sort(ids.order_, {}, id);
    const auto same = std::ranges::adjacent_find(ids.order_, {}, id);
    if (same != ids.order_.end()) return invalid_data("{} is there twice", lists.describe(*same));
    return ids;
  }

  [[nodiscard]] std::optional<std::size_t> find(std::int64_t tree, std::int64_t node) const {
    const std::pair wanted(tree, node);
    const auto found = std::ranges::lower_bound(order_, wanted, {},
                                                [this](std::size_t i) { return lists_->id(i); });
    if (found == order_.end() || lists_->id(*found) != wanted) return std::nullopt;
    return *found;
  }

  // Tree by tree.
  [[nodiscard]] std::span<const std::size_t> in_order() const { return order_; }

 private:
  explicit NodeIds(const NodeLists& lists) : lists_(&lists), order_(lists.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  const NodeLists* lists_;
  std::vector<std::size_t> order_;
};

// The nodes that each inner node leads to, by position; of leaves unset.
using Children = std::vector<std::array<std::size_t, 2>>;

Result<Children> find_children(const NodeLists& lists, const NodeIds& ids) {
  Children children(lists.size());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists.is_leaf(i)) continue;
    const std::array wanted{lists.if_true[i], lists.if_false[i]};
    for (std::size_t branch = 0; branch < 2; ++branch) {
      const auto child = ids.find(lists.trees[i], wanted[branch]);
      if (!child) {
        return invalid_data("{} leads to node {}, which its tree does not have", lists.describe(i),
                            wanted[branch]);
      }
      children[i][branch] = *child;
    }
  }
  return children;
}

// The nodes that nothing leads to, one for each tree. Refuses trees with ways in a circle.
Result<std::vector<std::size_t>> find_roots(const NodeLists& lists, const NodeIds& ids,
                                            const Children& children) {
  std::vector<std::size_t> parents(lists.size(), 0);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists.is_leaf(i)) continue;
    for (const std::size_t child : children[i]) ++parents[child];
  }
  std::vector<std::size_t> roots;
  for (const std::size_t i : ids.in_order()) {
    if (parents[i] > 0) continue;
    if (!roots.empty() && lists.trees[roots.back()] == lists.trees[i]) {
      return invalid_data("tree {} has two roots, nodes {} and {}", lists.trees[i],
                          lists.nodes[roots.back()], lists.nodes[i]);
    }
    roots.push_back(i);
  }
  // Nodes are reached when all their parents have been; those in a circle never are.
  std::vector<std::size_t> reached = roots;
  for (std::size_t next = 0; next < reached.size(); ++next) {
    if (lists.is_leaf(reached[next])) continue;
    for (const std::size_t child : children[reached[next]])
      if (--parents[child] == 0) reached.push_back(child);
  }
  const auto held = std::ranges::find_if(parents, [](std::size_t count) { return count > 0; });
  if (held != parents.end()) {
    return invalid_data("tree {} leads in a circle",
                        lists.trees[static_cast<std::size_t>(held - parents.begin())]);
  }
  return roots;
}

constexpr std::array<std::string_view, 6> kBranches = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                                       "BRANCH_GT",  "BRANCH_EQ", "BRANCH_NEQ"};

Result<DecisionTrees::Node> make_inner_node(const NodeLists& lists, std::size_t i) {
  DecisionTrees::Node node;
  const auto* const branch = std::ranges::find(kBranches, lists.modes[i]);
  if (branch == kBranches.end()) {
    return invalid_data(
        "nodes_modes has '{}', expected LEAF, BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, "
        "BRANCH_GT, BRANCH_EQ or BRANCH_NEQ",
        lists.modes[i]);
  }
  node.test = static_cast<TreeTest>(branch - kBranches.begin());
  if (lists.features[i] < 0)
    return invalid_data("{} tests feature {}", lists.describe(i), lists.features[i]);
  node.feature = static_cast<std::size_t>(lists.features[i]);
  node.split = lists.values[i];
  node.missing_passes = !lists.missing.empty() && lists.missing[i] != 0;
  return node;
}

// Fills in what leaves weigh. Weights of inner nodes, which old converters write, are left out.
Status read_votes(const Attributes& attributes, std::string_view votes, std::int64_t targets,
                  const NodeLists& lists, const NodeIds& ids, std::span<const std::size_t> leaves,
                  DecisionTrees& trees) {
  const auto name = [&](std::string_view what) { return fmt::format("{}_{}", votes, what); };
  const auto vote_trees = list_attribute<std::int64_t>(attributes, name("treeids"));
  const auto vote_nodes = list_attribute<std::int64_t>(attributes, name("nodeids"));
  const auto vote_targets = list_attribute<std::int64_t>(attributes, name("ids"));
  ASSIGN_OR_RETURN(const std::vector<double> values, read_reals(attributes, name("weights")));
  const std::size_t count = vote_nodes.size();
  RETURN_IF_ERROR(require_length(name("treeids"), vote_trees.size(), count, name("nodeids")));
  RETURN_IF_ERROR(require_length(name("ids"), vote_targets.size(), count, name("nodeids")));
  RETURN_IF_ERROR(require_length(name("weights"), values.size(), count, name("nodeids")));

  std::vector<std::size_t> node_of_vote(count);
  const std::size_t leaf_count = trees.leaf_begins.size() - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto node = ids.find(vote_trees[i], vote_nodes[i]);
    if (!node) {
      return invalid_data("a weight is for node {} of tree {}, which is not there", vote_nodes[i],
                          vote_trees[i]);
    }
    if (vote_targets[i] < 0 || vote_targets[i] >= targets) {
      return invalid_data("{} has the value {}, expected 0 to {}", name("ids"), vote_targets[i],
                          targets - 1);
    }
    node_of_vote[i] = *node;
    if (lists.is_leaf(*node)) ++trees.leaf_begins[leaves[*node] + 1];
  }
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists.is_leaf(i) && trees.leaf_begins[leaves[i] + 1] == 0)
      return invalid_data("{}, a leaf, has no weight", lists.describe(i));
  }
  std::partial_sum(trees.leaf_begins.begin(), trees.leaf_begins.end(), trees.leaf_begins.begin());
  trees.weights.resize(trees.leaf_begins[leaf_count]);
  std::vector<std::size_t> next(trees.leaf_begins.begin(), trees.leaf_begins.end() - 1);
  for (std::size_t i = 0; i < count; ++i) {
    if (!lists.is_leaf(node_of_vote[i])) continue;
    trees.weights[next[leaves[node_of_vote[i]]]++] = {static_cast<std::size_t>(vote_targets[i]),
                                                      values[i]};
  }
  return {};
}

}  // namespace

Result<DecisionTrees> read_trees_by_id(const Attributes& attributes, std::string_view votes,
                                       std::int64_t targets) {
  ASSIGN_OR_RETURN(const NodeLists lists, read_node_lists(attributes));
  ASSIGN_OR_RETURN(const NodeIds ids, NodeIds::create(lists));
  ASSIGN_OR_RETURN(const Children children, find_children(lists, ids));
  ASSIGN_OR_RETURN(const std::vector<std::size_t> roots, find_roots(lists, ids, children));

  DecisionTrees trees;
  std::vector<std::size_t> index(lists.size());  // among the inner nodes, or the leaves
  std::size_t leaf_count = 0;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists.is_leaf(i)) {
      index[i] = leaf_count++;
      continue;
    }
    index[i] = trees.nodes.size();
    ASSIGN_OR_RETURN(DecisionTrees::Node node, make_inner_node(lists, i));
    trees.nodes.push_back(node);
    trees.last_feature = std::max(trees.last_feature, lists.features[i]);
  }
  const auto place = [&](std::size_t i) {
    return DecisionTrees::Place{index[i], lists.is_leaf(i)};
  };
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists.is_leaf(i)) continue;
    trees.nodes[index[i]].if_true = place(children[i][0]);
    trees.nodes[index[i]].if_false = place(children[i][1]);
  }
  for (const std::size_t root : roots) trees.roots.push_back(place(root));
  trees.leaf_begins.assign(leaf_count + 1, 0);
  RETURN_IF_ERROR(read_votes(attributes, votes, targets, lists, ids, index, trees));
  return trees;
}

}  // namespace lathe::ops
