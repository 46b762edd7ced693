#include <algorithm>

#include "ops/evaluate.h"
#include "ops/op_def.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"QuantizeLinear"};

// More than any activation is decomposed into.
constexpr std::size_t kMostNodes = 32;

bool is_function_of_first(const ir::Graph& graph, const ir::Node& node) {
  const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
  return op != nullptr && op->traits.unary_elementwise && node.outputs.size() == 1 &&
         ir::subgraphs(node).empty() &&
         std::all_of(node.inputs.begin() + 1, node.inputs.end(), [&](ir::ValueId input) {
           return input == ir::kNoValue || graph.constant(input) != nullptr;
         });
}

// All 256 values of an 8-bit type, in the order of their bits as uint8.
ir::Tensor all_values(ir::DataType type) {
  ir::Tensor values = ir::Tensor::zeros(type, {256});
  const auto bytes = values.mutable_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  return values;
}

// The node on another first input.
Result<ir::Tensor> evaluate_on(const ir::Graph& graph, const ir::Node& node, ir::Tensor first) {
  std::vector<ir::Tensor> inputs{std::move(first)};
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const ir::Tensor* constant = graph.constant(node.input(i));
    inputs.push_back(constant == nullptr ? ir::Tensor() : *constant);
  }
  ASSIGN_OR_RETURN(std::vector<ir::Tensor> outputs, ops::evaluate_node(node, inputs));
  return std::move(outputs[0]);
}

// DequantizeLinear, functions of one element, QuantizeLinear: a table of the 256 values that come
// out, whatever stands between. So do two quantizations that differ.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& quantize = graph.node(id);
  if (!made_by(graph, quantize)) return std::nullopt;
  std::vector<const ir::Node*> chain{&quantize};  // from the last to the first
  ir::ValueId value = quantize.input(0);
  auto x = dequantized_from(graph, value);
  while (!x) {
    const ir::Node* node = graph.producer(value);
    if (node == nullptr || chain.size() == kMostNodes || !is_function_of_first(graph, *node))
      return std::nullopt;
    chain.push_back(node);
    value = node->input(0);
    x = dequantized_from(graph, value);
  }
  chain.push_back(graph.producer(value));
  ir::Tensor table = all_values(x->data_type);
  for (auto node = chain.rbegin(); node != chain.rend(); ++node) {
    ASSIGN_OR_RETURN(table, evaluate_on(graph, **node, std::move(table)));
  }
  Patch patch;
  const ir::ValueId entries =
      patch.add_constant(graph.value(quantize.output()).name + ".table", std::move(table));
  patch.replace_uses(quantize.output(), patch.add_node({.name = quantize.name,
                                                        .domain = std::string(ir::kLatheDomain),
                                                        .op_type = "Lookup",
                                                        .inputs = {x->value, entries}}));
  return patch;
}

}  // namespace

const Rule kTabulateQuantized{"tabulate_quantized", kOperators, apply};

}  // namespace lathe::passes
