// Nodes that compute the same from the same become one (common subexpression elimination).
#include <algorithm>

#include "ops/op_def.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::ValueId;

// Larger constants are the same where they share their elements, which is not asked here.
constexpr std::size_t kMostComparedBytes = 4096;

bool same_operand(const Graph& graph, ValueId a, ValueId b) {
  if (a == b) return true;
  const ir::Tensor* x = graph.constant(a);
  const ir::Tensor* y = graph.constant(b);
  return x != nullptr && y != nullptr && x->num_bytes() <= kMostComparedBytes &&
         x->has_elements() && y->has_elements() && x->identical(*y);
}

bool same_computation(const Graph& graph, const Node& a, const Node& b) {
  if (a.op_type != b.op_type || a.domain != b.domain || a.inputs.size() != b.inputs.size() ||
      a.outputs.size() != b.outputs.size() || !ir::identical(a.attributes, b.attributes))
    return false;
  for (std::size_t i = 0; i < a.outputs.size(); ++i)
    if ((a.outputs[i] == ir::kNoValue) != (b.outputs[i] == ir::kNoValue)) return false;
  return std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(),
                    [&](ValueId x, ValueId y) { return same_operand(graph, x, y); });
}

RuleResult apply(const Graph& graph, ir::NodeId id) {
  const Node& node = graph.node(id);
  const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
  if (op == nullptr || op->traits.impure || !ir::subgraphs(node).empty()) return std::nullopt;
  const auto computed = std::find_if(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
    return input != ir::kNoValue && graph.constant(input) == nullptr;
  });
  if (computed == node.inputs.end()) return std::nullopt;
  for (const ir::NodeId other : graph.readers(*computed)) {
    if (other >= id || !same_computation(graph, graph.node(other), node)) continue;
    Patch patch;
    bool changes = false;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      // Outputs of the graph have a node each, by their name.
      if (node.outputs[i] == ir::kNoValue) continue;
      if (graph.is_output(node.outputs[i])) return std::nullopt;
      patch.replace_uses(node.outputs[i], graph.node(other).outputs[i]);
      changes = true;
    }
    if (changes) return patch;
  }
  return std::nullopt;
}

}  // namespace

const Rule kMergeDuplicates{"merge_duplicates", {}, apply};

}  // namespace lathe::passes
