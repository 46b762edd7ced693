// Transposes one behind the other become one, and they move behind elementwise operators, where
// they may meet others.
#include <algorithm>
#include <numeric>
#include <optional>

#include "ops/attributes.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::ValueId;
using Permutation = std::vector<std::int64_t>;

// Of a Transpose whose rank is known.
std::optional<Permutation> permutation(const Graph& graph, const Node* node) {
  if (node == nullptr || !node->is("Transpose")) return std::nullopt;
  if (const auto* perm = ops::attributes(*node).find_ints("perm")) return *perm;
  const auto& shape = graph.tensor_type(node->input(0)).shape;
  if (!shape) return std::nullopt;
  Permutation reversed(shape->size());
  std::iota(reversed.rbegin(), reversed.rend(), std::int64_t{0});
  return reversed;
}

ValueId add_transpose(Patch& patch, ValueId x, Permutation perm, std::string_view name) {
  return patch.add_node({.name = std::string(name),
                         .op_type = "Transpose",
                         .inputs = {x},
                         .attributes = {{"perm", std::move(perm)}}});
}

RuleResult merge(const Graph& graph, const Node& node) {
  const Node* before = graph.producer(node.input(0));
  const auto second = permutation(graph, &node);
  const auto first = permutation(graph, before);
  if (!first || !second) return std::nullopt;
  Permutation both;
  for (const std::int64_t axis : *second) both.push_back((*first)[static_cast<std::size_t>(axis)]);
  Patch patch;
  patch.replace_uses(node.output(),
                     add_transpose(patch, before->input(0), std::move(both), node.name));
  return patch;
}

// A constant as it is where the axes stand in their old order, or nothing where it is too large to
// be had twice.
std::optional<ValueId> moved_constant(const Graph& graph, Patch& patch, ValueId id,
                                      const Permutation& perm) {
  const ir::Tensor& tensor = *graph.constant(id);
  if (tensor.num_elements() == 1) return id;
  constexpr std::size_t kMostBytes = 1 << 16;
  if (tensor.rank() > perm.size() || tensor.num_bytes() > kMostBytes) return std::nullopt;
  std::vector<std::int64_t> dims(perm.size() - tensor.rank(), 1);
  dims.insert(dims.end(), tensor.dims().begin(), tensor.dims().end());
  Permutation inverse(perm.size());
  for (std::size_t i = 0; i < perm.size(); ++i)
    inverse[static_cast<std::size_t>(perm[i])] = static_cast<std::int64_t>(i);
  const ValueId shaped =
      patch.add_constant(graph.value(id).name, tensor.reshaped(std::span(std::as_const(dims))));
  return add_transpose(patch, shaped, inverse, graph.value(id).name);
}

bool is_elementwise(const Node& node) {
  const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
  return op != nullptr && (op->traits.unary_elementwise || op->traits.binary_elementwise) &&
         node.outputs.size() == 1;
}

// Whether all readers are Transposes, or elementwise operators behind which these are.
bool meets_transposes(const Graph& graph, ValueId value, int depth = 8) {
  const auto readers = graph.readers(value);
  return depth > 0 && !readers.empty() && !graph.is_output(value) &&
         std::all_of(readers.begin(), readers.end(), [&](ir::NodeId id) {
           const Node& reader = graph.node(id);
           if (reader.is("Transpose")) return true;
           const bool alone =
               std::all_of(reader.inputs.begin(), reader.inputs.end(), [&](ValueId input) {
                 return input == value || input == ir::kNoValue || graph.constant(input) != nullptr;
               });
           return alone && is_elementwise(reader) &&
                  meets_transposes(graph, reader.output(), depth - 1);
         });
}

// y = op(Transpose(a), Transpose(b)) is Transpose(op(a, b)): one Transpose less, or one that stands
// before the next.
RuleResult sink(const Graph& graph, const Node& node) {
  std::optional<Permutation> perm;
  std::size_t transposes = 0;
  for (const ValueId input : node.inputs) {
    if (input == ir::kNoValue || graph.constant(input) != nullptr) continue;
    const auto other = permutation(graph, graph.producer(input));
    if (!other || (perm && *perm != *other) || graph.readers(input).size() != 1 ||
        graph.is_output(input))
      return std::nullopt;
    perm = other;
    ++transposes;
  }
  if (!perm || !graph.tensor_type(node.output()).has_rank(perm->size())) return std::nullopt;
  // Alone it gains nothing, unless it meets another.
  if (transposes < 2 && !meets_transposes(graph, node.output())) return std::nullopt;
  Patch patch;
  Node moved = node;
  for (ValueId& input : moved.inputs) {
    if (input == ir::kNoValue) continue;
    if (graph.constant(input) == nullptr) {
      if (!graph.tensor_type(input).has_rank(perm->size())) return std::nullopt;
      input = graph.producer(input)->input(0);
    } else if (const auto constant = moved_constant(graph, patch, input, *perm)) {
      input = *constant;
    } else {
      return std::nullopt;
    }
  }
  moved.outputs.clear();
  const std::string name = node.name;
  const ValueId result = patch.add_node(std::move(moved));
  patch.replace_uses(node.output(), add_transpose(patch, result, *perm, name));
  return patch;
}

RuleResult apply(const Graph& graph, ir::NodeId id) {
  const Node& node = graph.node(id);
  if (node.is("Transpose")) return merge(graph, node);
  if (!is_elementwise(node)) return std::nullopt;
  return sink(graph, node);
}

}  // namespace

const Rule kMergeTransposes{"merge_transposes", {}, apply};

}  // namespace lathe::passes
