// Operators that give a tensor other extents (Reshape, Flatten, Squeeze, Unsqueeze), one behind the
// other, become one Reshape; and a Reshape whose target is computed gets a constant one where its
// extents are known well enough.
#include <algorithm>
#include <array>
#include <optional>

#include "ops/shape_math.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::ValueId;

constexpr std::array<std::string_view, 4> kOperators = {"Flatten", "Reshape", "Squeeze",
                                                        "Unsqueeze"};

bool gives_extents(const Node& node) {
  return node.domain.empty() &&
         std::find(kOperators.begin(), kOperators.end(), node.op_type) != kOperators.end();
}

// A target of Reshape that gives `from` the extents of `to`: 0 copies an axis, one -1 is what is
// left. Nothing where that does not say it.
std::optional<std::vector<std::int64_t>> target_of(const ir::TensorType& from,
                                                   const ir::TensorType& to) {
  if (!from.shape || !to.shape) return std::nullopt;
  std::vector<std::int64_t> target;
  bool is_open = false;
  for (std::size_t axis = 0; axis < to.shape->size(); ++axis) {
    const ir::Dim& extent = (*to.shape)[axis];
    const bool is_copied = axis < from.shape->size() && extent == (*from.shape)[axis] &&
                           !extent.symbolic().is_unknown();
    if (extent.known()) {
      // A 0 would be taken for a copy, and beside a -1 leaves that without an answer.
      if (extent.value() == 0) return std::nullopt;
      target.push_back(extent.value());
    } else if (is_copied) {
      target.push_back(0);
    } else if (extent.symbolic().is_unknown()) {
      return std::nullopt;  // values decide, and may be wrong
    } else if (!is_open) {
      target.push_back(-1);
      is_open = true;
    } else {
      return std::nullopt;
    }
  }
  return target;
}

RuleResult apply(const Graph& graph, ir::NodeId id) {
  const Node& node = graph.node(id);
  if (!gives_extents(node)) return std::nullopt;
  ValueId from = node.input(0);
  const Node* before = graph.producer(from);
  const bool chained = before != nullptr && gives_extents(*before) && !graph.is_output(from);
  if (chained) from = before->input(0);
  const bool is_computed = node.is("Reshape") && graph.constant(node.input(1)) == nullptr;
  if (!chained && !is_computed) return std::nullopt;
  const auto target = target_of(graph.tensor_type(from), graph.tensor_type(node.output()));
  if (!target) return std::nullopt;
  Patch patch;
  const ValueId shape = patch.add_constant("shape", ir::Tensor::vector_int64(*target));
  patch.replace_uses(
      node.output(),
      patch.add_node({.name = node.name, .op_type = "Reshape", .inputs = {from, shape}}));
  return patch;
}

}  // namespace

const Rule kMergeReshapes{"merge_reshapes", kOperators, apply};

}  // namespace lathe::passes
