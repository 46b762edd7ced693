#include "ops/evaluate.h"

#include <algorithm>

#include "ops/check_node.h"
#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

bool is_half(ir::DataType type) {
  return type == ir::DataType::kFloat16 || type == ir::DataType::kBFloat16;
}

// Checks one graph input and remembers what its symbols stand for.
Status check_input(const ir::Value& declared, const ir::Datum& given, ir::SymbolValues& symbols) {
  const auto mismatch = [&] {
    return invalid_argument("input '{}' is {}, expected {}", declared.name,
                            given.type().to_string(), declared.type.to_string());
  };
  if (!given.defined() || !given.fits(declared.type)) return mismatch();
  const ir::Tensor* tensor = given.tensor();
  const ir::TensorType& wanted = declared.type.tensor();
  if (tensor == nullptr || !wanted.shape) return {};
  for (std::size_t i = 0; i < tensor->rank(); ++i) {
    const ir::Dim& dim = (*wanted.shape)[i];
    if (dim.known() || dim.name().empty()) continue;
    const auto [it, added] = symbols.emplace(dim.name(), tensor->dim(i));
    if (!added && it->second != tensor->dim(i)) {
      return invalid_argument("input '{}' is {}, but extent {} is {} elsewhere", declared.name,
                              given.type().to_string(), dim.name(), it->second);
    }
  }
  return {};
}

// A graph of one node alone, whose inputs are constants where they are tensors: inference on it
// tells the exact types.
class SingleNode {
 public:
  SingleNode(const ir::Node& node, std::span<const ir::Datum> inputs,
             std::span<const ir::Datum> captures)
      : node_(node) {
    for (std::size_t i = 0; i < node_.inputs.size(); ++i)
      node_.inputs[i] = i < inputs.size() ? add(inputs[i]) : ir::kNoValue;
    std::size_t next = 0;
    for (ir::Subgraph* subgraph : ir::subgraphs(node_)) {
      for (ir::ValueId& capture : subgraph->captures)
        capture = next < captures.size() ? add(captures[next++]) : ir::kNoValue;
    }
    for (ir::ValueId& output : node_.outputs) {
      if (output != ir::kNoValue) output = graph_.add_value("");
    }
  }

  Result<Types> infer() const { return infer_node(graph_, node_); }
  Status check(const OpDef& op) const { return check_node(graph_, node_, op); }

 private:
  ir::ValueId add(const ir::Datum& value) {
    if (!value.defined()) return ir::kNoValue;
    const ir::Tensor* tensor = value.tensor();
    return tensor != nullptr ? graph_.add_constant("", *tensor)
                             : graph_.add_input("", value.type());
  }

  ir::Graph graph_;
  ir::Node node_;
};

Result<ir::Tensor> require_tensor(const ir::Datum& value, std::string_view what) {
  if (const ir::Tensor* tensor = value.tensor()) return *tensor;
  return unsupported("{} is {}, only tensors can be had here", what, value.type().to_string());
}

Result<std::vector<ir::Tensor>> require_tensors(std::span<const ir::Datum> values,
                                                std::string_view what) {
  std::vector<ir::Tensor> tensors;
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSIGN_OR_RETURN(ir::Tensor tensor, require_tensor(values[i], fmt::format("{} {}", what, i)));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

// What the values of one run are, each as long as something still reads it.
class Run {
 public:
  explicit Run(const ir::Graph& graph)
      : graph_(graph), values_(graph.value_count()), readers_(graph.value_count()) {
    for (std::size_t v = 0; v < readers_.size(); ++v) {
      const ir::Value& value = graph.value(static_cast<ir::ValueId>(v));
      readers_[v] = value.readers.size() + (value.is_output ? 1 : 0);
    }
  }

  void set(ir::ValueId id, ir::Datum value) {
    if (id != ir::kNoValue && readers_[static_cast<std::size_t>(id)] > 0)
      values_[static_cast<std::size_t>(id)] = std::move(value);
  }

  [[nodiscard]] ir::Datum read(ir::ValueId id) const {
    if (id == ir::kNoValue) return {};
    const ir::Tensor* constant = graph_.constant(id);
    return constant != nullptr ? ir::Datum(*constant) : values_[static_cast<std::size_t>(id)];
  }

  // One reader less.
  void release(ir::ValueId id) {
    if (--readers_[static_cast<std::size_t>(id)] == 0) values_[static_cast<std::size_t>(id)] = {};
  }

 private:
  const ir::Graph& graph_;
  std::vector<ir::Datum> values_;
  std::vector<std::size_t> readers_;
};

}  // namespace

Result<Values> EvaluateContext::run_subgraph(std::string_view attribute,
                                             std::span<const ir::Datum> graph_inputs) const {
  std::size_t first = 0;
  for (const auto& [key, value] : node.attributes) {
    if (const auto* one = std::get_if<ir::Subgraph>(&value)) {
      if (key == attribute) {
        const auto own = captures.subspan(first, one->captures.size());
        if (subgraphs != nullptr) return (*subgraphs)(attribute, graph_inputs, own);
        ASSIGN_OR_RETURN(std::vector<ir::Datum> outputs,
                         evaluate_values(*one->graph, graph_inputs, own));
        Values results;
        results.assign(outputs.begin(), outputs.end());
        return results;
      }
      first += one->captures.size();
    } else if (const auto* list = std::get_if<std::vector<ir::Subgraph>>(&value)) {
      for (const ir::Subgraph& subgraph : *list) first += subgraph.captures.size();
    }
  }
  fatal("an operator asks for a graph that its signature does not require");
}

Result<Values> evaluate_node(const ir::Node& node, std::span<const ir::Datum> inputs,
                             std::span<const ir::Datum> captures) {
  const OpDef* op = find_op(node.domain, node.op_type);
  if (op == nullptr) return unsupported("operator {} is not supported", node.qualified_type());
  ASSIGN_OR_RETURN(const Types types, SingleNode(node, inputs, captures).infer());

  // 16-bit floating point is computed in float32 and rounded once at the end.
  std::vector<ir::TensorType> output_types;
  for (const ir::Type& type : types) {
    output_types.push_back(type.tensor());
    if (is_half(output_types.back().data_type))
      output_types.back().data_type = ir::DataType::kFloat32;
  }
  std::vector<ir::Tensor> tensors;
  for (const ir::Datum& value : inputs) {
    const ir::Tensor* tensor = value.tensor();
    if (tensor == nullptr || !tensor->defined()) {
      tensors.emplace_back();
    } else {
      const bool widened = is_half(tensor->data_type()) && tensor->has_elements();
      tensors.push_back(widened ? tensor->cast(ir::DataType::kFloat32) : *tensor);
    }
  }
  ASSIGN_OR_RETURN(Values outputs,
                   op->evaluate({node, *op->signature, tensors, inputs, output_types, captures}));
  for (std::size_t i = 0; i < outputs.size() && i < types.size(); ++i) {
    const ir::Tensor* tensor = outputs[i].tensor();
    const ir::DataType wanted = types[i].tensor().data_type;
    if (tensor != nullptr && is_half(wanted) && tensor->data_type() != wanted)
      outputs[i] = tensor->cast(wanted);
  }
  return outputs;
}

Result<Values> run_node(const ir::Node& node, std::span<const ir::Datum> inputs,
                        std::span<const ir::Datum> captures, const RunSubgraph& run) {
  const OpDef* op = find_op(node.domain, node.op_type);
  if (op == nullptr) return unsupported("operator {} is not supported", node.qualified_type());
  // What only a run can tell: ranks and extents that inference left open.
  RETURN_IF_ERROR(SingleNode(node, inputs, captures).check(*op));
  std::vector<ir::Tensor> tensors;
  for (const ir::Datum& value : inputs)
    tensors.push_back(value.tensor() == nullptr ? ir::Tensor() : *value.tensor());
  return op->evaluate({node, *op->signature, tensors, inputs, {}, captures, &run});
}

Result<std::vector<ir::Tensor>> evaluate_node(const ir::Node& node,
                                              std::span<const ir::Tensor> inputs) {
  const std::vector<ir::Datum> values(inputs.begin(), inputs.end());
  ASSIGN_OR_RETURN(const Values outputs, evaluate_node(node, values));
  return require_tensors(outputs, "output");
}

Result<std::vector<ir::Datum>> evaluate_values(const ir::Graph& graph,
                                               std::span<const ir::Datum> inputs,
                                               std::span<const ir::Datum> captures,
                                               const EvaluateObserver& observer) {
  if (inputs.size() != graph.inputs().size()) {
    return invalid_argument("{} inputs given, the model has {}", inputs.size(),
                            graph.inputs().size());
  }
  if (captures.size() != graph.captures().size())
    return invalid_argument("the graph inside a node cannot be run without the one around it");
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
  Run run(graph);
  ir::SymbolValues symbols;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::ValueId id = graph.inputs()[i];
    RETURN_IF_ERROR(check_input(graph.value(id), inputs[i], symbols));
    run.set(id, inputs[i]);
  }
  for (std::size_t i = 0; i < captures.size(); ++i) run.set(graph.captures()[i], captures[i]);

  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    const std::vector<ir::ValueId> reads = node.reads();
    std::vector<ir::Datum> operands;
    for (const ir::ValueId input : node.inputs) operands.push_back(run.read(input));
    std::vector<ir::Datum> captured;
    for (const ir::Subgraph* subgraph : ir::subgraphs(node)) {
      for (const ir::ValueId capture : subgraph->captures) captured.push_back(run.read(capture));
    }
    auto outputs = evaluate_node(node, operands, captured);
    if (!outputs.ok()) {
      return outputs.error().with_context(fmt::format("node {}", ir::describe_node(graph, id)));
    }
    if (observer) observer(id, *outputs);
    for (std::size_t i = 0; i < node.outputs.size() && i < outputs->size(); ++i)
      run.set(node.outputs[i], std::move((*outputs)[i]));
    for (const ir::ValueId read : reads) run.release(read);
  }
  std::vector<ir::Datum> results;
  for (const ir::ValueId id : graph.outputs()) results.push_back(run.read(id));
  return results;
}

Result<std::vector<ir::Tensor>> evaluate(const ir::Graph& graph, std::span<const ir::Tensor> inputs,
                                         const EvaluateObserver& observer) {
  const std::vector<ir::Datum> values(inputs.begin(), inputs.end());
  ASSIGN_OR_RETURN(const std::vector<ir::Datum> outputs,
                   evaluate_values(graph, values, {}, observer));
  return require_tensors(outputs, "output");
}

}  // namespace lathe::ops
