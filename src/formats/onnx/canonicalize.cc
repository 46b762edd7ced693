#include "formats/onnx/canonicalize.h"

#include <algorithm>

#include "formats/onnx/tensor_bytes.h"
#include "formats/onnx/upgrades.h"
#include "ops/check_node.h"
#include "ops/infer_shapes.h"

namespace lathe::formats {
namespace {

Result<ir::Tensor> constant_value(const ir::Node& node) {
  if (!node.inputs.empty()) return invalid_data("has {} inputs, expected 0", node.inputs.size());
  if (node.outputs.size() != 1) {
    return invalid_data("has {} outputs, expected 1", node.outputs.size());
  }
  if (node.attributes.size() != 1) {
    return invalid_data("has {} attributes, expected one with its value", node.attributes.size());
  }
  const auto& [key, attribute] = *node.attributes.begin();
  const auto count = [](const auto& values) {
    return std::vector<std::int64_t>{static_cast<std::int64_t>(values.size())};
  };
  if (const auto* tensor = std::get_if<ir::Tensor>(&attribute); tensor && key == "value") {
    return *tensor;
  }
  if (const auto* number = std::get_if<std::int64_t>(&attribute); number && key == "value_int") {
    return ir::Tensor::scalar(*number);
  }
  if (const auto* number = std::get_if<float>(&attribute); number && key == "value_float") {
    return ir::Tensor::scalar(*number);
  }
  if (const auto* text = std::get_if<std::string>(&attribute); text && key == "value_string") {
    return ir::Tensor::scalar(*text);
  }
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&attribute);
      numbers && key == "value_ints") {
    return ir::Tensor::vector_int64(*numbers);
  }
  if (const auto* numbers = std::get_if<std::vector<float>>(&attribute);
      numbers && key == "value_floats") {
    return ir::Tensor::from_values<float>(count(*numbers), *numbers);
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute);
      texts && key == "value_strings") {
    return ir::Tensor::from_values<std::string>(count(*texts), *texts);
  }
  return invalid_data("attribute '{}' is {}, which gives a constant no value", key,
                      ir::attribute_kind_name(attribute));
}

Status fold_constant_node(ir::Graph& graph, ir::NodeId id) {
  ASSIGN_OR_RETURN(ir::Tensor tensor, constant_value(graph.node(id)));
  const ir::ValueId output = graph.node(id).output();
  const ir::Type& declared = graph.type(output);
  if (declared.known() && declared.tensor().data_type != tensor.data_type()) {
    return invalid_data("output '{}' is declared as {}, but is {}", graph.value(output).name,
                        declared.to_string(), tensor.type().to_string());
  }
  graph.remove_node(id);
  graph.set_constant(output, std::move(tensor));
  return {};
}

Status fold_constant_nodes(ir::Graph& graph) {
  for (const ir::NodeId id : graph.node_ids()) {
    if (!graph.node(id).is("Constant")) continue;
    const std::string place = fmt::format("node {}", ir::describe_node(graph, id));
    RETURN_IF_ERROR(fold_constant_node(graph, id).with_context(place));
  }
  return {};
}

// Types of what a node makes, as far as upgrades of the nodes behind it need them. What does not
// fit together is left to infer_shapes, which says so.
void infer_outputs(ir::Graph& graph, ir::NodeId id) {
  const auto inferred = ops::infer_node(graph, graph.node(id));
  if (!inferred.ok()) return;
  const ops::Types& types = *inferred;
  const ir::Node& node = graph.node(id);
  for (std::size_t i = 0; i < std::min(types.size(), node.outputs.size()); ++i) {
    if (node.outputs[i] == ir::kNoValue) continue;
    const ir::Type& known = graph.type(node.outputs[i]);
    const bool lacks_shape = known.is_tensor() && !known.tensor().shape &&
                             known.tensor().data_type == types[i].tensor().data_type;
    if (!known.known() || lacks_shape) graph.set_type(node.outputs[i], types[i]);
  }
}

// One graph, and those inside its nodes.
class Canonicalizer {
 public:
  explicit Canonicalizer(const Opsets& opsets) : opsets_(opsets) {}

  // The types of inputs and captures are known, as far as they ever are before inference.
  Status run(ir::Graph& graph) const {
    RETURN_IF_ERROR(fold_constant_nodes(graph));
    // Names a node on a cycle, which everything behind this line may rely on not to exist.
    RETURN_IF_ERROR(graph.verify());
    if (!is_current(graph)) {
      ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
      for (const ir::NodeId id : order) RETURN_IF_ERROR(upgrade(graph, id));
    }
    return {};
  }

 private:
  // Nothing to upgrade, and no graph inside a node. Then infer_shapes checks every node against the
  // very signatures that the file means.
  bool is_current(const ir::Graph& graph) const {
    const std::vector<ir::NodeId> ids = graph.node_ids();
    return std::all_of(ids.begin(), ids.end(), [&](ir::NodeId id) {
      const ir::Node& node = graph.node(id);
      const ops::OpDef* op = ops::find_op(node.domain, node.op_type);  // null where it is renamed
      return ir::subgraphs(node).empty() && op != nullptr && &signature_of(node) == op->signature;
    });
  }

  const ops::Signature& signature_of(const ir::Node& node) const {
    const ops::Signature* signature =
        ops::find_signature(node.domain, node.op_type, opset_of(opsets_, node.domain));
    LATHE_CHECK(signature != nullptr);
    return *signature;
  }

  Status upgrade(ir::Graph& graph, ir::NodeId id) const {
    const std::string place = fmt::format("node {}", ir::describe_node(graph, id));
    RETURN_IF_ERROR(upgrade_subgraphs(graph, id).with_context(place));
    const ops::Signature& old = signature_of(graph.node(id));
    const int opset = opset_of(opsets_, graph.node(id).domain);
    RETURN_IF_ERROR(ops::check_signature(graph, graph.node(id), old)
                        .with_context(fmt::format("opset {}", opset))
                        .with_context(place));
    NodeUpgrade upgraded(graph, id, opset);
    RETURN_IF_ERROR(upgrade_node(upgraded, old).with_context(place));
    for (const ir::NodeId node : upgraded.result()) infer_outputs(graph, node);
    return {};
  }

  Status upgrade_subgraphs(ir::Graph& graph, ir::NodeId id) const {
    ir::AttributeMap changed;
    for (const auto& [key, attribute] : graph.node(id).attributes) {
      const std::string place = fmt::format("attribute '{}'", key);
      if (const auto* one = std::get_if<ir::Subgraph>(&attribute)) {
        auto subgraph = upgrade_subgraph(graph, *one);
        if (!subgraph.ok()) return subgraph.error().with_context(place);
        changed.emplace(key, *std::move(subgraph));
      } else if (const auto* list = std::get_if<std::vector<ir::Subgraph>>(&attribute)) {
        std::vector<ir::Subgraph> upgraded;
        for (const ir::Subgraph& item : *list) {
          auto subgraph = upgrade_subgraph(graph, item);
          if (!subgraph.ok()) return subgraph.error().with_context(place);
          upgraded.push_back(*std::move(subgraph));
        }
        changed.emplace(key, std::move(upgraded));
      }
    }
    for (auto& [key, attribute] : changed) graph.set_attribute(id, key, std::move(attribute));
    return {};
  }

  Result<ir::Subgraph> upgrade_subgraph(const ir::Graph& around, const ir::Subgraph& given) const {
    ir::Graph body = *given.graph;
    for (std::size_t i = 0; i < given.captures.size(); ++i)
      body.set_type(body.captures()[i], around.type(given.captures[i]));
    RETURN_IF_ERROR(run(body));
    RETURN_IF_ERROR(body.compact());
    return ir::Subgraph{std::make_shared<const ir::Graph>(std::move(body)), given.captures};
  }

  const Opsets& opsets_;
};

// Extents that files state or inference computes must stay those of tensors that can exist.
Status check_sizes(const ir::Graph& graph) {
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const ir::Value& value = graph.value(static_cast<ir::ValueId>(i));
    const ir::TensorType& type = value.type.tensor();
    if (!type.shape || type.data_type == ir::DataType::kUndefined) continue;
    std::vector<std::int64_t> known;
    for (const ir::Dim& dim : *type.shape) {
      if (dim.known()) known.push_back(dim.value());
    }
    if (auto checked = check_extents(type.data_type, known); !checked.ok()) {
      const std::string place =
          value.producer == ir::kNoNode
              ? fmt::format("value '{}'", value.name)
              : fmt::format("node {}: output '{}'", ir::describe_node(graph, value.producer),
                            value.name);
      return checked.error().with_context(place);
    }
  }
  for (const ir::NodeId id : graph.node_ids()) {
    for (const ir::Subgraph* subgraph : ir::subgraphs(graph.node(id))) {
      RETURN_IF_ERROR(check_sizes(*subgraph->graph)
                          .with_context(fmt::format("node {}", ir::describe_node(graph, id))));
    }
  }
  return {};
}

}  // namespace

Status canonicalize(ir::Graph& graph, const Opsets& opsets) {
  RETURN_IF_ERROR(Canonicalizer(opsets).run(graph));
  RETURN_IF_ERROR(ops::infer_shapes(graph));
  RETURN_IF_ERROR(check_sizes(graph));
  return graph.compact();
}

}  // namespace lathe::formats
