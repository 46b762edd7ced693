#include "ops/infer_shapes.h"

#include <algorithm>

#include "base/checked_math.h"
#include "ops/check_node.h"
#include "ops/known_values.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// The more exact of a declared and an inferred extent; nothing where they contradict each other.
std::optional<ir::Dim> merge_extents(const ir::Dim& declared, const ir::Dim& inferred) {
  if (declared.known() && inferred.known() && declared != inferred) return std::nullopt;
  if (inferred.known()) return inferred;
  const bool better = declared.known() || inferred.symbolic().is_unknown();
  return better && !declared.symbolic().is_unknown() ? declared : inferred;
}

std::optional<ir::Type> merge_types(const ir::Type& declared, const ir::Type& inferred) {
  if (!declared.known()) return inferred;
  if (!inferred.known()) return declared;
  if (declared.kind() != inferred.kind() || declared.key() != inferred.key()) return std::nullopt;
  if (!declared.is_tensor()) {
    const auto element = merge_types(declared.element(), inferred.element());
    if (!element) return std::nullopt;
    switch (declared.kind()) {
      case ir::Type::Kind::kSequence:
        return ir::Type::sequence(*element);
      case ir::Type::Kind::kOptional:
        return ir::Type::optional(*element);
      default:
        return ir::Type::map(declared.key(), *element);
    }
  }
  const ir::TensorType& stated = declared.tensor();
  ir::TensorType merged = inferred.tensor();
  if (stated.data_type != merged.data_type) return std::nullopt;
  if (!stated.shape) return merged;
  if (!merged.shape) return stated;
  if (stated.shape->size() != merged.shape->size()) return std::nullopt;
  for (std::size_t i = 0; i < merged.shape->size(); ++i) {
    const auto extent = merge_extents((*stated.shape)[i], (*merged.shape)[i]);
    if (!extent) return std::nullopt;
    (*merged.shape)[i] = *extent;
  }
  return merged;
}

Result<ir::Type> merge(const ir::Type& declared, const ir::Type& inferred) {
  if (auto merged = merge_types(declared, inferred)) return *std::move(merged);
  return invalid_data("is declared {}, but comes out as {}", declared.to_string(),
                      inferred.to_string());
}

}  // namespace

// The graph whose types are inferred, and what nodes with graphs inside leave behind.
class Inference {
 public:
  explicit Inference(const ir::Graph& graph) : graph_(graph), values_(graph) {}
  // Of the graph inside a node, whose captures stand for these values of the graph around it.
  Inference(const ir::Graph& graph, Inference& outer, std::span<const ir::ValueId> captured)
      : graph_(graph), values_(graph, outer.values_, captured) {}

  [[nodiscard]] const ir::Graph& graph() const { return graph_; }
  [[nodiscard]] KnownValues& values() { return values_; }

  Result<Types> infer(const ir::Node& node) {
    inferred_subgraphs_.clear();
    const OpDef* op = find_op(node.domain, node.op_type);
    if (op == nullptr) return unsupported("operator is not supported");
    RETURN_IF_ERROR(check_node(graph_, node, *op));
    // No arithmetic on extents may overflow: those of a file, or that a flag gives.
    for (const ir::ValueId input : node.inputs) {
      if (input == ir::kNoValue || !graph_.tensor_type(input).shape) continue;
      RETURN_IF_ERROR(ir::check_extents(*graph_.tensor_type(input).shape).with_context([&] {
        return fmt::format("input '{}'", graph_.value(input).name);
      }));
    }
    return op->infer(InferContext(*this, node, *op->signature));
  }

  Result<Types> infer_subgraph(const ir::Node& node, std::string_view attribute,
                               std::span<const ir::Type> inputs);

  // The node's subgraphs with their types, by attribute, after infer().
  [[nodiscard]] const std::map<std::string, ir::Subgraph, std::less<>>& inferred_subgraphs() const {
    return inferred_subgraphs_;
  }

 private:
  const ir::Graph& graph_;
  KnownValues values_;
  std::map<std::string, ir::Subgraph, std::less<>> inferred_subgraphs_;
};

namespace {

Status infer_graph(ir::Graph& graph, Inference inference) {
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    const auto where = [&] { return fmt::format("node {}", ir::describe_node(graph, id)); };
    const auto types = inference.infer(node);
    if (!types.ok()) return types.error().with_context(where());
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == ir::kNoValue) continue;
      LATHE_CHECK(i < types->size());
      auto merged = merge(graph.type(node.outputs[i]), (*types)[i]);
      if (!merged.ok()) {
        return merged.error()
            .with_context(fmt::format("output '{}'", graph.value(node.outputs[i]).name))
            .with_context(where());
      }
      graph.set_type(node.outputs[i], std::move(*merged));
    }
    for (const auto& [attribute, subgraph] : inference.inferred_subgraphs())
      graph.set_attribute(id, attribute, subgraph);
  }
  return {};
}

}  // namespace

Result<Types> Inference::infer_subgraph(const ir::Node& node, std::string_view attribute,
                                        std::span<const ir::Type> inputs) {
  const ir::Subgraph& given = std::get<ir::Subgraph>(node.attributes.find(attribute)->second);
  ir::Graph body = *given.graph;
  const auto place = [&] { return fmt::format("attribute '{}'", attribute); };
  if (body.inputs().size() != inputs.size()) {
    return invalid_data("{}: its graph has {} inputs, expected {}", place(), body.inputs().size(),
                        inputs.size());
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto merged = merge(body.type(body.inputs()[i]), inputs[i]);
    if (!merged.ok()) {
      return merged.error()
          .with_context(fmt::format("input '{}'", body.value(body.inputs()[i]).name))
          .with_context(place());
    }
    body.set_type(body.inputs()[i], std::move(*merged));
  }
  for (std::size_t i = 0; i < given.captures.size(); ++i)
    body.set_type(body.captures()[i], graph_.type(given.captures[i]));
  if (Status inferred = infer_graph(body, Inference(body, *this, given.captures)); !inferred.ok())
    return inferred.error().with_context(place());
  Types types;
  for (const ir::ValueId id : body.outputs()) types.push_back(body.type(id));
  inferred_subgraphs_.insert_or_assign(
      std::string(attribute),
      ir::Subgraph{std::make_shared<const ir::Graph>(std::move(body)), given.captures});
  return types;
}

const ir::Type& InferContext::input_type(std::size_t i) const {
  return inference_.graph().type(node_.input(i));
}

const ir::Tensor* InferContext::constant(std::size_t i) const {
  return inference_.values().constant(node_.input(i));
}

const SymbolicTensor* InferContext::symbolic(std::size_t i) const {
  return inference_.values().symbolic(node_.input(i));
}

Result<Types> InferContext::infer(const ir::Node& node) const { return inference_.infer(node); }

std::string InferContext::place(std::size_t i) const {
  return fmt::format("input {} ({})", i, signature_.input(i)->name);
}

Result<Types> InferContext::infer_subgraph(std::string_view attribute,
                                           std::span<const ir::Type> inputs) const {
  return inference_.infer_subgraph(node_, attribute, inputs);
}

Result<Types> infer_node(const ir::Graph& graph, const ir::Node& node) {
  return Inference(graph).infer(node);
}

Status infer_shapes(ir::Graph& graph) { return infer_graph(graph, Inference(graph)); }

namespace {

// First node of each type that is unknown, also in graphs inside nodes.
void collect_unknown(const ir::Graph& graph, std::map<std::string, std::string>& unknown) {
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& node = graph.node(id);
    // Foreign graphs keep their Constant nodes, which are no lack.
    if (find_op(node.domain, node.op_type) == nullptr && !node.is("Constant"))
      unknown.try_emplace(node.qualified_type(), ir::describe_node(graph, id));
    for (const ir::Subgraph* subgraph : ir::subgraphs(node))
      collect_unknown(*subgraph->graph, unknown);
  }
}

}  // namespace

Status check_operators(const ir::Graph& graph) {
  std::map<std::string, std::string> unknown;
  collect_unknown(graph, unknown);
  if (!unknown.empty()) {
    std::string message;
    for (const auto& [type, first] : unknown)
      message += fmt::format("{}node {}", message.empty() ? "" : "; ", first);
    return unsupported("{}: operator is not supported", message);
  }
  if (!graph.opsets.empty()) return unsupported("the graph is not at the canonical opset");
  return {};
}

Status bind_dimensions(ir::Graph& graph, const ir::SymbolValues& extents, std::int64_t fallback) {
  for (const ir::ValueId id : graph.inputs()) {
    if (!graph.type(id).is_tensor()) continue;
    ir::TensorType type = graph.tensor_type(id);
    if (!type.shape) return invalid_argument("input '{}' has no rank", graph.value(id).name);
    for (ir::Dim& dim : *type.shape) {
      dim = ir::Dim(dim.symbolic().substitute(extents));
      if (!dim.known()) dim = fallback;
    }
    graph.set_type(id, std::move(type));
  }
  for (const ir::NodeId id : graph.node_ids()) {
    for (const ir::ValueId output : graph.node(id).outputs) {
      if (output != ir::kNoValue) graph.set_type(output, {});
    }
  }
  return infer_shapes(graph);
}

std::optional<std::int64_t> count_node_macs(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const OpDef* op = find_op(node.domain, node.op_type);
  if (op == nullptr || op->macs == nullptr) return 0;
  bool known = true;
  const auto types_of = [&](const std::vector<ir::ValueId>& ids) {
    std::vector<ir::TensorType> types;
    for (const ir::ValueId v : ids) {
      types.push_back(v == ir::kNoValue ? ir::TensorType{} : graph.tensor_type(v));
      const std::optional<ir::Shape>& shape = types.back().shape;
      known = known && (v == ir::kNoValue || (shape && ir::fully_known(*shape)));
    }
    return types;
  };
  const std::vector<ir::TensorType> inputs = types_of(node.inputs);
  const std::vector<ir::TensorType> outputs = types_of(node.outputs);
  return known ? op->macs(node, inputs, outputs) : std::nullopt;
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
