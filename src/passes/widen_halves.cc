#include <algorithm>

#include "ops/op_def.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::DataType;

bool is_half(const ir::Graph& graph, ir::ValueId id) {
  if (id == ir::kNoValue) return false;
  const DataType type = graph.tensor_type(id).data_type;
  return type == DataType::kFloat16 || type == DataType::kBFloat16;
}

// What a half-precision value was rounded from: the input of the Cast that made it, or nothing.
ir::ValueId rounded_from(const ir::Graph& graph, ir::ValueId id) {
  const ir::Node* cast = graph.producer(id);
  const bool is_rounding = cast != nullptr && cast->is("Cast") &&
                           graph.tensor_type(cast->input(0)).data_type == DataType::kFloat32;
  return is_rounding ? cast->input(0) : ir::kNoValue;
}

ir::Node cast_to(DataType type, ir::ValueId value) {
  return {.op_type = "Cast",
          .inputs = {value},
          .attributes = {{"to", static_cast<std::int64_t>(type)}}};
}

ir::ValueId widened(const ir::Graph& graph, ir::ValueId id, Patch& patch) {
  if (const ir::Tensor* constant = graph.constant(id)) {
    return patch.add_constant(graph.value(id).name + ".float32",
                              constant->cast(DataType::kFloat32));
  }
  const ir::ValueId source = rounded_from(graph, id);
  return source != ir::kNoValue ? source : patch.add_node(cast_to(DataType::kFloat32, id));
}

// Whose meaning lies in the types of their operands: QuantizeLinear divides in that of its scale.
bool converts(const ir::Node& node) {
  return node.is("BitCast") || node.is("Cast") || node.is("CastLike") || node.is("QuantizeLinear");
}

// Whether it reads or makes what is no tensor, whose element type is part of that.
bool has_container(const ir::Graph& graph, const ir::Node& node) {
  const auto is_container = [&](ir::ValueId id) {
    return id != ir::kNoValue && !graph.type(id).is_tensor();
  };
  return std::any_of(node.inputs.begin(), node.inputs.end(), is_container) ||
         std::any_of(node.outputs.begin(), node.outputs.end(), is_container);
}

// Operators on float16 and bfloat16 are computed in float32, as their specifications allow and
// processors do it fast. Between two of them nothing is rounded. What only moves elements stays as
// it is, unless it moves what has been computed in float32.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
  if (op == nullptr || converts(node) || node.outputs.size() != 1 || op->traits.impure ||
      !ir::subgraphs(node).empty() || has_container(graph, node)) {
    return std::nullopt;
  }
  const auto half = [&](ir::ValueId input) { return is_half(graph, input); };
  if (std::none_of(node.inputs.begin(), node.inputs.end(), half)) return std::nullopt;
  if (op->traits.moves_elements &&
      std::none_of(node.inputs.begin(), node.inputs.end(), [&](ir::ValueId input) {
        return half(input) && rounded_from(graph, input) != ir::kNoValue;
      })) {
    return std::nullopt;
  }
  Patch patch;
  ir::Node wide{.name = node.name,
                .domain = node.domain,
                .op_type = node.op_type,
                .inputs = node.inputs,
                .attributes = node.attributes};
  for (ir::ValueId& input : wide.inputs)
    if (half(input)) input = widened(graph, input, patch);
  ir::ValueId made = patch.add_node(std::move(wide));
  if (half(node.output()))
    made = patch.add_node(cast_to(graph.tensor_type(node.output()).data_type, made));
  patch.replace_uses(node.output(), made);
  return patch;
}

}  // namespace

const Rule kWidenHalves{"widen_halves", {}, apply};

}  // namespace lathe::passes
