#include "passes/fold_constants.h"

#include <algorithm>

#include "ops/evaluate.h"
#include "ops/known_values.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

// Whether an output is known to be larger than `bytes` before it is computed: a small file can
// state constants whose sum fills the memory.
bool is_larger(const ir::TensorType& type, std::size_t bytes) {
  const auto dims = type.shape ? ir::known_dims(*type.shape) : std::nullopt;
  if (!dims) return false;
  const auto count = ir::element_count(*dims);
  const int bits = ir::bits_per_element(type.data_type);
  const std::size_t most = bytes * 8 / static_cast<std::size_t>(bits == 0 ? 256 : bits);
  return !count.ok() || static_cast<std::size_t>(*count) > most;
}

// What is known of an input before it is computed: a constant, nothing of one that is absent, or
// the extents where those are enough.
std::optional<ir::Tensor> known_input(const ir::Graph& graph, ir::ValueId input,
                                      bool extents_are_enough) {
  if (input == ir::kNoValue) return ir::Tensor();
  if (const ir::Tensor* constant = graph.constant(input)) return *constant;
  if (!extents_are_enough || !graph.type(input).is_tensor()) return std::nullopt;
  const ir::TensorType& type = graph.tensor_type(input);
  const auto dims = type.shape ? ir::known_dims(*type.shape) : std::nullopt;
  if (!dims) return std::nullopt;
  auto described = ir::Tensor::describe(type.data_type, *dims);
  return described.ok() ? std::optional(*std::move(described)) : std::nullopt;
}

// What follows from extents that are known, though others are not.
std::optional<Patch> fold_shape_arithmetic(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (node.outputs.size() != 1 || graph.is_output(node.output())) return std::nullopt;
  ops::KnownValues values(graph);
  const ir::Tensor* known = values.constant(node.output());
  if (known == nullptr) return std::nullopt;
  Patch patch;
  const std::string& name = graph.value(node.output()).name;
  patch.replace_uses(node.output(), patch.add_constant(name, *known));
  return patch;
}

// Results may be as large as the inputs, so that folding never inflates a quantized model.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  ASSIGN_OR_RETURN(std::optional<Patch> patch, fold_constants(graph, id, 1));
  return patch ? std::move(patch) : fold_shape_arithmetic(graph, id);
}

}  // namespace

RuleResult fold_constants(const ir::Graph& graph, ir::NodeId id, std::size_t growth) {
  // Results up to this size replace nodes even where their inputs are smaller.
  constexpr std::size_t kSmallBytes = 4096;
  const ir::Node& node = graph.node(id);
  const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
  if (op == nullptr || op->traits.impure || node.inputs.empty() || !ir::subgraphs(node).empty())
    return std::nullopt;
  std::vector<ir::Tensor> inputs;
  std::size_t input_bytes = 0;
  for (const ir::ValueId input : node.inputs) {
    auto known = known_input(graph, input, op->traits.reads_shapes_only);
    if (!known) return std::nullopt;
    if (graph.constant(input) != nullptr) input_bytes += known->num_bytes();
    inputs.push_back(std::move(*known));
  }
  const std::size_t most_bytes = std::max(growth * input_bytes, kSmallBytes);
  for (const ir::ValueId output : node.outputs) {
    if (output == ir::kNoValue) continue;
    if (!graph.type(output).is_tensor() || graph.is_output(output) ||
        is_larger(graph.tensor_type(output), most_bytes))
      return std::nullopt;
  }
  auto outputs = ops::evaluate_node(node, inputs);
  if (!outputs.ok())
    return outputs.error().with_context(fmt::format("node {}", ir::describe_node(graph, id)));
  std::size_t output_bytes = 0;
  for (const ir::Tensor& output : *outputs) output_bytes += output.num_bytes();
  if (output_bytes > most_bytes) return std::nullopt;
  Patch patch;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == ir::kNoValue) continue;
    const std::string& name = graph.value(node.outputs[i]).name;
    patch.replace_uses(node.outputs[i], patch.add_constant(name, std::move((*outputs)[i])));
  }
  return patch;
}

const Rule kFoldConstants{"fold_constants", {}, apply};

}  // namespace lathe::passes
