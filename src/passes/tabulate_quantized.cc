#include <algorithm>
#include <map>

#include "ops/evaluate.h"
#include "ops/op_def.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"QuantizeLinear"};

constexpr std::int64_t kEntries = 256;

// All values of an 8-bit type, in the order of their bits as uint8.
ir::Tensor all_values(ir::DataType type) {
  ir::Tensor values = ir::Tensor::zeros(type, {kEntries});
  const auto bytes = values.mutable_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  return values;
}

// What the function makes of each value.
Result<ir::Tensor> tabulate(const ir::Graph& graph, const FunctionOfOne& function) {
  std::map<ir::ValueId, ir::Tensor> values;
  values[function.source] = all_values(graph.tensor_type(function.source).data_type);
  for (const ir::NodeId id : function.nodes) {
    const ir::Node& node = graph.node(id);
    std::vector<ir::Tensor> inputs;
    for (const ir::ValueId input : node.inputs) {
      const ir::Tensor* constant = graph.constant(input);
      const bool is_number = constant != nullptr && constant->num_elements() == 1;
      if (is_number) {
        inputs.push_back(constant->reshaped({}));
      } else if (constant != nullptr) {
        inputs.push_back(*constant);  // the table of a Lookup
      } else {
        inputs.push_back(input == ir::kNoValue ? ir::Tensor() : values.at(input));
      }
    }
    ASSIGN_OR_RETURN(std::vector<ir::Tensor> outputs, ops::evaluate_node(node, inputs));
    values[node.output()] = std::move(outputs[0]);
  }
  return values.at(graph.node(function.nodes.back()).output());
}

// DequantizeLinear, any functions of single elements, QuantizeLinear: a table of the 256 values
// that come out. So do two quantizations that differ.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const auto function = function_of_one(graph, id);
  if (!function) return std::nullopt;
  const ir::Node& quantize = graph.node(id);
  auto table = tabulate(graph, *function);
  if (!table.ok()) return std::nullopt;  // a value that data may never have is no reason to fail
  LATHE_CHECK(table->num_elements() == kEntries);
  Patch patch;
  const ir::ValueId entries =
      patch.add_constant(graph.value(quantize.output()).name + ".table", *std::move(table));
  patch.replace_uses(quantize.output(), patch.add_node({.name = quantize.name,
                                                        .domain = std::string(ir::kLatheDomain),
                                                        .op_type = "Lookup",
                                                        .inputs = {function->source, entries}}));
  return patch;
}

}  // namespace

const Rule kTabulateQuantized{"tabulate_quantized", kOperators, apply};

}  // namespace lathe::passes
