#include "cli/model_facts.h"

#include <algorithm>
#include <fmt/ranges.h>

#include "backends/backends.h"
#include "base/checked_math.h"
#include "formats/onnx/read_onnx.h"
#include "ops/infer_shapes.h"

namespace lathe::cli {
namespace {

// Foreign graphs keep their Constant nodes, which are no lack.
bool is_known(const ir::Node& node) {
  return node.is("Constant") || ops::find_op(node.domain, node.op_type) != nullptr;
}

// The reader bounds how deep subgraphs are.
void count_nodes(const ir::Graph& graph, bool inner, ModelFacts& facts) {
  facts.parameters += ir::parameter_count(graph);
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& node = graph.node(id);
    OperatorFacts& op = facts.operators[node.qualified_type()];
    ++op.nodes;
    op.known = is_known(node);
    if (inner) ++facts.subgraph_nodes;
    for (const ir::Subgraph* subgraph : ir::subgraphs(node))
      count_nodes(*subgraph->graph, true, facts);
  }
}

bool is_complete(const ir::TensorType& type) {
  return type.data_type != ir::DataType::kUndefined && type.shape && ir::fully_known(*type.shape);
}

bool can_infer(const ir::Graph& graph, const ir::Node& node) {
  return ops::find_op(node.domain, node.op_type) != nullptr &&
         std::all_of(node.inputs.begin(), node.inputs.end(), [&](ir::ValueId id) {
           if (id == ir::kNoValue) return true;
           const ir::TensorType& type = graph.tensor_type(id);
           return type.data_type != ir::DataType::kUndefined && type.shape.has_value();
         });
}

// An extent that the file declares and inference does not find stays.
ir::TensorType more_exact(const ir::TensorType& declared, ir::TensorType inferred) {
  if (!inferred.shape || inferred.data_type == ir::DataType::kUndefined) return declared;
  if (!declared.shape || declared.shape->size() != inferred.shape->size()) return inferred;
  for (std::size_t i = 0; i < inferred.shape->size(); ++i) {
    ir::Dim& dim = (*inferred.shape)[i];
    if (!dim.known()) dim = (*declared.shape)[i];
  }
  return inferred;
}

// Types of as many values as can be told; a node that does not fit its operator's definition, which
// is that of the canonical opset, keeps what the file declares.
Status infer_what_can_be(ir::Graph& graph) {
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    const auto constant = node.attributes.find("value");
    if (node.is("Constant") && constant != node.attributes.end() && node.outputs.size() == 1) {
      if (const auto* tensor = std::get_if<ir::Tensor>(&constant->second)) {
        const ir::ValueId output = node.output();
        ir::Tensor value = *tensor;
        graph.remove_node(id);
        graph.set_constant(output, std::move(value));
      }
      continue;
    }
    if (!can_infer(graph, node)) continue;
    auto inferred = ops::infer_node(graph, node);
    if (!inferred.ok()) continue;
    for (std::size_t i = 0; i < std::min(node.outputs.size(), inferred->size()); ++i) {
      if (node.outputs[i] == ir::kNoValue) continue;
      graph.set_type(node.outputs[i],
                     more_exact(graph.tensor_type(node.outputs[i]), (*inferred)[i].tensor()));
    }
  }
  return {};
}

void bind_batch(ir::Graph& graph, std::int64_t batch) {
  for (const ir::ValueId id : graph.inputs()) {
    ir::TensorType type = graph.tensor_type(id);
    if (!type.shape || type.shape->empty() || type.shape->front().known()) continue;
    type.shape->front() = batch;
    graph.set_type(id, std::move(type));
  }
}

// Whether the multiply-accumulates of a node can be told: all types are known, and fit it. What a
// file declares need not.
bool has_macs(const ir::Graph& graph, const ir::Node& node) {
  const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
  if (op == nullptr) return node.is("Constant");
  if (op->macs == nullptr) return true;
  const auto complete = [&](ir::ValueId value) {
    return value == ir::kNoValue || is_complete(graph.tensor_type(value));
  };
  return std::all_of(node.inputs.begin(), node.inputs.end(), complete) &&
         std::all_of(node.outputs.begin(), node.outputs.end(), complete) &&
         ops::infer_node(graph, node).ok();
}

NodeFacts facts_of(const ir::Graph& graph, const ir::Graph& types, ir::NodeId id) {
  const ir::Node& node = types.node(id);
  NodeFacts facts{.name = node.name,
                  .op = node.qualified_type(),
                  .output = {},
                  .macs = {},
                  .known = is_known(node)};
  if (has_macs(types, node)) {
    facts.macs = ops::count_node_macs(types, id);
    facts.countless = !facts.macs;
  }
  if (const ir::ValueId output = node.output(); output != ir::kNoValue) {
    const ir::TensorType& type = types.tensor_type(output);
    facts.output = type.data_type == ir::DataType::kUndefined ? "?" : type.to_string();
  }
  for (const ir::ValueId input : node.inputs) {
    const ir::Tensor* tensor = graph.constant(input);
    if (tensor != nullptr && tensor->rank() > 0) facts.constants += tensor->num_elements();
  }
  return facts;
}

// "operators that Lathe does not know: Cast, If", or nothing.
std::string unknown_operators(const ModelFacts& facts) {
  std::vector<std::string> names;
  for (const auto& [name, op] : facts.operators) {
    if (!op.known) names.push_back(name);
  }
  if (names.empty()) return {};
  return fmt::format("operators that Lathe does not know: {}", fmt::join(names, ", "));
}

// Takes one more node's into the sum.
void add_macs(const NodeFacts& node, ModelFacts& facts) {
  if (!node.macs && !node.countless) ++facts.uncounted;
  if (node.countless) facts.macs.reset();
  if (node.macs && facts.macs) facts.macs = checked_sum(*facts.macs, *node.macs);
}

}  // namespace

Result<ir::Graph> graph_at(const ir::Graph& graph, const engine::CompileOptions& options,
                           std::string& reason) {
  const auto bound = engine::bind_shapes(graph, options);
  if (bound.ok() && graph.opsets.empty()) return *bound;
  ir::Graph result = graph;
  if (bound.ok()) {
    for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
      result.set_type(graph.inputs()[i], bound->type(bound->inputs()[i]));
    }
  } else {
    // Whoever gives extents wants them taken; without any, what depends on them is left out.
    if (!options.shapes.empty() || !options.dimensions.empty()) return bound.error();
    reason = bound.error().message();
    bind_batch(result, options.batch);
  }
  RETURN_IF_ERROR(infer_what_can_be(result));
  return result;
}

Result<ModelFacts> gather_facts(const std::string& path, const ir::Graph& graph,
                                const engine::CompileOptions& options) {
  ModelFacts facts;
  ASSIGN_OR_RETURN(facts.header, formats::read_model_header(path));
  facts.size_bytes = formats::size_of_model(path);
  count_nodes(graph, false, facts);
  ASSIGN_OR_RETURN(const ir::Graph types, graph_at(graph, options, facts.reason));
  for (const ir::NodeId id : types.node_ids()) {
    NodeFacts node = facts_of(graph, types, id);
    add_macs(node, facts);
    facts.nodes.push_back(std::move(node));
  }
  if (const std::string missing = unknown_operators(facts); !missing.empty()) {
    facts.reason = missing + (facts.reason.empty() ? "" : "; " + facts.reason);
  }
  if (!facts.reason.empty()) return facts;
  ASSIGN_OR_RETURN(const engine::Backend* native, engine::find_backend("native"));
  auto executable = native->compile(graph, options);
  if (executable.ok()) {
    facts.executable = *std::move(executable);
  } else {
    facts.reason = executable.error().message();
  }
  return facts;
}

}  // namespace lathe::cli
