// Decision trees, as the three tree ensembles of ai.onnx.ml share them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ops/attributes.h"
#include "ops/samples.h"

namespace lathe::ops {

// Numbered as TreeEnsemble has them. A feature that is no number passes none.
enum class TreeTest : std::uint8_t {
  kLessOrEqual,
  kLess,
  kGreaterOrEqual,
  kGreater,
  kEqual,
  kNotEqual,
  kMember
};

// Trees whose inner nodes each test a feature of a sample, and whose leaves hold weights. They are
// checked: whatever the sample, each way down ends at a leaf, and is no longer than there are
// nodes.
struct DecisionTrees {
  // Where a way leads: to an inner node or to a leaf.
  struct Place {
    std::size_t index = 0;
    bool is_leaf = false;
  };
  struct Node {
    TreeTest test = TreeTest::kLessOrEqual;
    bool missing_passes = false;  // where the feature is no number
    std::size_t feature = 0;
    double split = 0;
    std::size_t first_member = 0;  // of kMember: the numbers that pass, in `members`
    std::size_t member_count = 0;
    Place if_true;
    Place if_false;
  };
  struct Weight {
    std::size_t target = 0;
    double value = 0;
  };

  // What the leaf has that the sample ends at in a tree.
  [[nodiscard]] std::span<const Weight> weights_for(Place root,
                                                    std::span<const double> sample) const;

  std::vector<Place> roots;
  std::vector<Node> nodes;
  std::vector<double> members;
  // Of leaf i from leaf_begins[i] to leaf_begins[i + 1].
  std::vector<Weight> weights;
  std::vector<std::size_t> leaf_begins;
  std::int64_t last_feature = -1;  // that a node tests
};

// Those of TreeEnsembleClassifier and TreeEnsembleRegressor, in time of about the nodes' number.
// The attributes of leaves' weights begin with `votes`: "class" or "target".
Result<DecisionTrees> read_trees_by_id(const Attributes& attributes, std::string_view votes,
                                       std::int64_t targets);
// Those of TreeEnsemble, likewise.
Result<DecisionTrees> read_trees_by_position(const Attributes& attributes, std::int64_t targets);

// The list `name`, or the tensor `name`_as_tensor that may stand for it.
Result<std::vector<double>> read_reals(const Attributes& attributes, std::string_view name);
// Whether that tensor is there and is of float64, so that results are to be as exact.
bool has_doubles(const Attributes& attributes, std::string_view name);

// Refuses samples that are no matrix, or have fewer features than the trees test.
Status require_features_for(const DecisionTrees& trees, const InferContext& context);

// How the weights that a sample gets are joined, by target. Numbered as TreeEnsemble has them.
enum class TreeAggregate { kAverage, kSum, kMin, kMax };

// Joined weights of one sample; 0 for a target that gets none. `seen` is scratch memory. Both have
// an element for each target.
void aggregate_weights(const DecisionTrees& trees, TreeAggregate aggregate,
                       std::span<const double> sample, std::span<double> scores,
                       std::span<std::uint8_t> seen);

// Calls visit(i, scores) with the joined weights of each sample, which it may change.
template <typename Visit>
Status for_each_scored(const DecisionTrees& trees, TreeAggregate aggregate, std::int64_t targets,
                       const ir::Tensor& x, Visit visit) {
  const std::vector<std::int64_t> dims{targets};
  ASSIGN_OR_RETURN(ir::Tensor scores, ir::Tensor::create(ir::DataType::kFloat64, dims));
  ASSIGN_OR_RETURN(ir::Tensor seen, ir::Tensor::create(ir::DataType::kUint8, dims));
  const auto all_scores = scores.mutable_data<double>();
  const auto all_seen = seen.mutable_data<std::uint8_t>();
  for_each_sample(x, [&](std::size_t i, std::span<const double> sample) {
    aggregate_weights(trees, aggregate, sample, all_scores, all_seen);
    visit(i, all_scores);
  });
  return {};
}

}  // namespace lathe::ops
