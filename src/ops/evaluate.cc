#include "ops/evaluate.h"

#include <algorithm>
#include <map>

#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

bool is_half(ir::DataType type) {
  return type == ir::DataType::kFloat16 || type == ir::DataType::kBFloat16;
}

// Checks one graph input and remembers what its symbols stand for.
Status check_input(const ir::Value& declared, const ir::Tensor& given,
                   std::map<std::string, std::int64_t>& symbols) {
  const auto mismatch = [&] {
    return invalid_argument("input '{}' is {}, expected {}", declared.name,
                            given.type().to_string(), declared.type.to_string());
  };
  if (!given.defined() || given.data_type() != declared.type.data_type) return mismatch();
  if (!declared.type.shape) return {};
  if (declared.type.shape->size() != given.rank()) return mismatch();
  for (std::size_t i = 0; i < given.rank(); ++i) {
    const ir::Dim& dim = (*declared.type.shape)[i];
    if (dim.known() && dim.value() != given.dim(i)) return mismatch();
    if (dim.known() || dim.name().empty()) continue;
    const auto [it, added] = symbols.emplace(dim.name(), given.dim(i));
    if (!added && it->second != given.dim(i)) {
      return invalid_argument("input '{}' is {}, but extent {} is {} elsewhere", declared.name,
                              given.type().to_string(), dim.name(), it->second);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<ir::Tensor>> evaluate_node(const ir::Node& node,
                                              std::span<const ir::Tensor> inputs) {
  const OpDef* op = find_op(node.domain, node.op_type);
  if (op == nullptr) return unsupported("operator {} is not supported", node.qualified_type());

  // Inference on a graph of this node alone, whose inputs are constants, tells the exact types.
  ir::Graph single;
  ir::Node copy = node;
  copy.inputs.clear();
  copy.outputs.clear();
  std::vector<ir::Tensor> widened(inputs.begin(), inputs.end());
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const bool present = i < inputs.size() && inputs[i].defined();
    copy.inputs.push_back(present ? single.add_constant("", inputs[i]) : ir::kNoValue);
  }
  for (const ir::ValueId output : node.outputs) {
    copy.outputs.push_back(output == ir::kNoValue ? ir::kNoValue : single.add_value(""));
  }
  ASSIGN_OR_RETURN(std::vector<ir::TensorType> types, infer_node(single, copy));

  // 16-bit floating point is computed in float32 and rounded once at the end.
  std::vector<ir::DataType> final_types;
  for (ir::TensorType& type : types) {
    final_types.push_back(type.data_type);
    if (is_half(type.data_type)) type.data_type = ir::DataType::kFloat32;
  }
  for (ir::Tensor& tensor : widened) {
    if (tensor.defined() && is_half(tensor.data_type()))
      tensor = tensor.cast(ir::DataType::kFloat32);
  }
  ASSIGN_OR_RETURN(std::vector<ir::Tensor> outputs, op->evaluate({node, widened, types}));
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = outputs[i].cast(final_types[i]);
  return outputs;
}

Result<std::vector<ir::Tensor>> evaluate(const ir::Graph& graph, std::span<const ir::Tensor> inputs,
                                         const EvaluateObserver& observer) {
  if (inputs.size() != graph.inputs().size()) {
    return invalid_argument("{} inputs given, the model has {}", inputs.size(),
                            graph.inputs().size());
  }
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
  std::vector<ir::Tensor> values(graph.value_count());
  std::map<std::string, std::int64_t> symbols;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::ValueId id = graph.inputs()[i];
    RETURN_IF_ERROR(check_input(graph.value(id), inputs[i], symbols));
    values[static_cast<std::size_t>(id)] = inputs[i];
  }
  std::vector<std::size_t> readers(graph.value_count(), 0);
  const auto consumers = graph.consumers();
  for (std::size_t v = 0; v < readers.size(); ++v) readers[v] = consumers[v].size();
  for (const ir::ValueId id : graph.outputs()) ++readers[static_cast<std::size_t>(id)];

  const auto read = [&](ir::ValueId id) -> ir::Tensor {
    if (id == ir::kNoValue) return {};
    const ir::Tensor* constant = graph.constant(id);
    return constant != nullptr ? *constant : values[static_cast<std::size_t>(id)];
  };
  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    std::vector<ir::Tensor> operands;
    for (const ir::ValueId input : node.inputs) operands.push_back(read(input));
    auto outputs = evaluate_node(node, operands);
    if (!outputs.ok()) {
      return outputs.error().with_context(fmt::format("node {}", ir::describe_node(graph, id)));
    }
    if (observer) observer(id, *outputs);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != ir::kNoValue && i < outputs->size()) {
        values[static_cast<std::size_t>(node.outputs[i])] = std::move((*outputs)[i]);
      }
    }
    for (const ir::ValueId input : node.inputs) {
      if (input != ir::kNoValue && --readers[static_cast<std::size_t>(input)] == 0) {
        values[static_cast<std::size_t>(input)] = {};
      }
    }
  }
  std::vector<ir::Tensor> results;
  for (const ir::ValueId id : graph.outputs()) results.push_back(read(id));
  return results;
}

}  // namespace lathe::ops
