#include "ops/infer_shapes.h"

#include <algorithm>

#include "base/checked_math.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

std::string_view kind_name(AttributeKind kind) {
  constexpr std::string_view kNames[] = {"int",  "float",  "string",  "tensor",  "graph",
                                         "ints", "floats", "strings", "tensors", "graphs"};
  return kNames[static_cast<std::size_t>(kind)];
}

Status check_attributes(const OpDef& op, const ir::Node& node) {
  for (const auto& [name, value] : node.attributes) {
    const auto def =
        std::find_if(op.attributes.begin(), op.attributes.end(),
                     [&wanted = name](const AttributeDef& a) { return a.name == wanted; });
    if (def == op.attributes.end()) return invalid_data("unknown attribute '{}'", name);
    if (static_cast<std::size_t>(def->kind) != value.index()) {
      return invalid_data("attribute '{}' is of kind {}, expected {}", name,
                          ir::attribute_kind_name(value), kind_name(def->kind));
    }
  }
  for (const AttributeDef& def : op.attributes) {
    if (def.required && !node.has_attribute(def.name)) {
      return invalid_data("attribute '{}' is missing", def.name);
    }
  }
  return {};
}

Status check_signature(const OpDef& op, const ir::Node& node) {
  if (node.inputs.size() < op.min_inputs || node.inputs.size() > op.max_inputs) {
    return invalid_data("{} inputs, expected {} to {}", node.inputs.size(), op.min_inputs,
                        op.max_inputs == kVariadic ? "any number" : std::to_string(op.max_inputs));
  }
  if (node.outputs.size() < op.min_outputs || node.outputs.size() > op.max_outputs) {
    return invalid_data("{} outputs, expected {} to {}", node.outputs.size(), op.min_outputs,
                        op.max_outputs);
  }
  return check_attributes(op, node);
}

// The more exact of a declared and an inferred type; an error where they contradict each other.
Result<ir::TensorType> merge(const ir::TensorType& declared, ir::TensorType inferred) {
  if (declared.data_type != ir::DataType::kUndefined && declared.data_type != inferred.data_type) {
    return invalid_data("is declared {}, but comes out as {}", declared.to_string(),
                        inferred.to_string());
  }
  if (!declared.shape) return inferred;
  if (!inferred.shape) return declared;
  if (declared.shape->size() != inferred.shape->size()) {
    return invalid_data("is declared {}, but comes out as {}", declared.to_string(),
                        inferred.to_string());
  }
  for (std::size_t i = 0; i < inferred.shape->size(); ++i) {
    const ir::Dim& stated = (*declared.shape)[i];
    ir::Dim& found = (*inferred.shape)[i];
    if (stated.known() && found.known() && stated != found) {
      return invalid_data("is declared {}, but comes out as {}", declared.to_string(),
                          inferred.to_string());
    }
    if (!found.known() && (stated.known() || found.name().empty())) found = stated;
  }
  return inferred;
}

}  // namespace

Result<std::vector<ir::TensorType>> infer_node(const ir::Graph& graph, const ir::Node& node) {
  const OpDef* op = find_op(node.domain, node.op_type);
  if (op == nullptr) return unsupported("operator is not supported");
  RETURN_IF_ERROR(check_signature(*op, node));
  for (std::size_t i = 0; i < op->min_inputs; ++i) {
    if (node.input(i) == ir::kNoValue) return invalid_data("input {} is missing", i);
  }
  // No arithmetic on extents may overflow: those of a file, or that a flag gives.
  for (const ir::ValueId input : node.inputs) {
    if (input == ir::kNoValue || !graph.value(input).type.shape) continue;
    RETURN_IF_ERROR(ir::check_extents(*graph.value(input).type.shape)
                        .with_context(fmt::format("input '{}'", graph.value(input).name)));
  }
  return op->infer(InferContext(graph, node));
}

Status infer_shapes(ir::Graph& graph) {
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    const auto where = [&] { return fmt::format("node {}", ir::describe_node(graph, id)); };
    const auto inferred = infer_node(graph, node);
    if (!inferred.ok()) return inferred.error().with_context(where());
    const std::vector<ir::TensorType>& types = *inferred;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == ir::kNoValue) continue;
      ir::Value& value = graph.value(node.outputs[i]);
      LATHE_CHECK(i < types.size());
      auto merged = merge(value.type, types[i]);
      if (!merged.ok()) {
        return merged.error()
            .with_context(fmt::format("output '{}'", value.name))
            .with_context(where());
      }
      value.type = std::move(*merged);
    }
  }
  return {};
}

Status check_operators(const ir::Graph& graph) {
  std::map<std::string, std::string> unknown;  // type to first node
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& node = graph.node(id);
    // Foreign graphs keep their Constant nodes, which are no lack.
    if (find_op(node.domain, node.op_type) == nullptr && !node.is("Constant"))
      unknown.try_emplace(node.qualified_type(), ir::describe_node(graph, id));
  }
  if (!unknown.empty()) {
    std::string message;
    for (const auto& [type, first] : unknown)
      message += fmt::format("{}node {}", message.empty() ? "" : "; ", first);
    return unsupported("{}: operator is not supported", message);
  }
  if (!graph.opsets.empty()) return unsupported("the graph is not at the canonical opset");
  return {};
}

Status bind_dimensions(ir::Graph& graph, const std::map<std::string, std::int64_t>& extents,
                       std::int64_t fallback) {
  for (const ir::ValueId id : graph.inputs()) {
    ir::TensorType& type = graph.value(id).type;
    if (!type.shape) return invalid_argument("input '{}' has no rank", graph.value(id).name);
    for (ir::Dim& dim : *type.shape) {
      if (dim.known()) continue;
      const auto it = extents.find(dim.name());
      dim = it == extents.end() ? fallback : it->second;
    }
  }
  for (const ir::NodeId id : graph.node_ids()) {
    for (const ir::ValueId output : graph.node(id).outputs) {
      if (output != ir::kNoValue) graph.value(output).type = {};
    }
  }
  return infer_shapes(graph);
}

std::optional<std::int64_t> count_node_macs(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const OpDef* op = find_op(node.domain, node.op_type);
  if (op == nullptr || op->macs == nullptr) return 0;
  const auto types_of = [&](const std::vector<ir::ValueId>& ids) {
    std::vector<ir::TensorType> types;
    for (const ir::ValueId v : ids) {
      types.push_back(v == ir::kNoValue ? ir::TensorType{} : graph.value(v).type);
    }
    return types;
  };
  return op->macs(node, types_of(node.inputs), types_of(node.outputs));
}

std::optional<std::int64_t> count_macs(const ir::Graph& graph) {
  std::optional<std::int64_t> macs = 0;
  for (const ir::NodeId id : graph.node_ids()) {
    const auto of_node = count_node_macs(graph, id);
    if (!of_node) return std::nullopt;
    macs = checked_sum(*macs, *of_node);
    if (!macs) return std::nullopt;
  }
  return macs;
}

}  // namespace lathe::ops
