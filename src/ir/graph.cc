#include "ir/graph.h"

#include <algorithm>
#include <queue>

namespace lathe::ir {

namespace {

template <typename T>
const T* find_attribute(const AttributeMap& attributes, std::string_view name) {
  const auto it = attributes.find(name);
  return it == attributes.end() ? nullptr : std::get_if<T>(&it->second);
}

}  // namespace

std::int64_t Node::attribute_int(std::string_view key, std::int64_t fallback) const {
  const auto* value = find_attribute<std::int64_t>(attributes, key);
  return value == nullptr ? fallback : *value;
}

float Node::attribute_float(std::string_view key, float fallback) const {
  const auto* value = find_attribute<float>(attributes, key);
  return value == nullptr ? fallback : *value;
}

std::string Node::attribute_string(std::string_view key, std::string_view fallback) const {
  const auto* value = find_attribute<std::string>(attributes, key);
  return value == nullptr ? std::string(fallback) : *value;
}

std::vector<std::int64_t> Node::attribute_ints(std::string_view key,
                                               std::vector<std::int64_t> fallback) const {
  const auto* value = find_attribute<std::vector<std::int64_t>>(attributes, key);
  return value == nullptr ? std::move(fallback) : *value;
}

std::string Node::qualified_type() const {
  return domain.empty() ? op_type : fmt::format("{}.{}", domain, op_type);
}

ValueId Graph::insert_value(Value value) {
  if (value.name.empty() || names_.contains(value.name)) value.name = unique_name(value.name);
  const auto id = static_cast<ValueId>(values_.size());
  names_.emplace(value.name, id);
  values_.push_back(std::move(value));
  return id;
}

ValueId Graph::add_input(std::string_view input_name, TensorType type) {
  const ValueId id =
      insert_value({std::string(input_name), std::move(type), std::nullopt, kNoNode});
  inputs_.push_back(id);
  return id;
}

ValueId Graph::add_constant(std::string_view constant_name, Tensor tensor) {
  TensorType type = tensor.type();
  return insert_value({std::string(constant_name), std::move(type), std::move(tensor), kNoNode});
}

ValueId Graph::add_value(std::string_view value_name, TensorType type) {
  return insert_value({std::string(value_name), std::move(type), std::nullopt, kNoNode});
}

NodeId Graph::add_node(Node node) {
  const auto id = static_cast<NodeId>(nodes_.size());
  while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
  for (const ValueId output : node.outputs) {
    if (output == kNoValue) continue;
    LATHE_CHECK(value(output).producer == kNoNode && !value(output).constant);
    value(output).producer = id;
  }
  nodes_.push_back(std::move(node));
  removed_.push_back(false);
  return id;
}

ValueId Graph::add(std::string_view op_type, std::span<const ValueId> node_inputs,
                   AttributeMap attributes, std::string_view output_name, std::string_view domain) {
  const ValueId output = add_value(output_name.empty() ? op_type : output_name);
  add_node({value(output).name,
            std::string(domain),
            std::string(op_type),
            {node_inputs.begin(), node_inputs.end()},
            {output},
            std::move(attributes)});
  return output;
}

std::optional<ValueId> Graph::find_value(std::string_view value_name) const {
  const auto it = names_.find(value_name);
  if (it == names_.end()) return std::nullopt;
  return it->second;
}

const Tensor* Graph::constant(ValueId id) const {
  if (id == kNoValue) return nullptr;
  const std::optional<Tensor>& tensor = value(id).constant;
  return tensor ? &*tensor : nullptr;
}

std::vector<NodeId> Graph::node_ids() const {
  std::vector<NodeId> ids;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!removed_[i]) ids.push_back(static_cast<NodeId>(i));
  }
  return ids;
}

std::size_t Graph::node_count() const {
  return static_cast<std::size_t>(std::count(removed_.begin(), removed_.end(), false));
}

std::vector<std::vector<NodeId>> Graph::consumers() const {
  std::vector<std::vector<NodeId>> readers(values_.size());
  for (const NodeId id : node_ids()) {
    for (const ValueId input : node(id).inputs) {
      if (input != kNoValue) readers[static_cast<std::size_t>(input)].push_back(id);
    }
  }
  return readers;
}

Result<std::vector<NodeId>> Graph::topological_order() const {
  std::vector<int> waiting(nodes_.size(), 0);
  std::vector<std::vector<NodeId>> followers(nodes_.size());
  std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
  const std::vector<NodeId> ids = node_ids();
  for (const NodeId id : ids) {
    for (const ValueId input : node(id).inputs) {
      if (input == kNoValue) continue;
      const NodeId maker = value(input).producer;
      if (maker == kNoNode) continue;
      followers[static_cast<std::size_t>(maker)].push_back(id);
      ++waiting[static_cast<std::size_t>(id)];
    }
    if (waiting[static_cast<std::size_t>(id)] == 0) ready.push(id);
  }
  std::vector<NodeId> order;
  order.reserve(ids.size());
  while (!ready.empty()) {
    const NodeId id = ready.top();
    ready.pop();
    order.push_back(id);
    for (const NodeId follower : followers[static_cast<std::size_t>(id)]) {
      if (--waiting[static_cast<std::size_t>(follower)] == 0) ready.push(follower);
    }
  }
  if (order.size() == ids.size()) return order;
  const auto stuck = std::find_if(
      ids.begin(), ids.end(), [&](NodeId id) { return waiting[static_cast<std::size_t>(id)] > 0; });
  return invalid_data("node {}: lies on or behind a cycle", describe_node(*this, *stuck));
}

bool Graph::is_output(ValueId id) const {
  return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end();
}

void Graph::set_input(NodeId id, std::size_t slot, ValueId input) {
  Node& target = mutable_node(id);
  if (slot >= target.inputs.size()) target.inputs.resize(slot + 1, kNoValue);
  target.inputs[slot] = input;
  while (!target.inputs.empty() && target.inputs.back() == kNoValue) target.inputs.pop_back();
}

void Graph::remove_node(NodeId id) {
  for (const ValueId output : node(id).outputs) {
    if (output != kNoValue) value(output).producer = kNoNode;
  }
  removed_.at(static_cast<std::size_t>(id)) = true;
}

void Graph::replace_uses(ValueId from, ValueId to) {
  for (const NodeId id : node_ids()) {
    for (ValueId& input : mutable_node(id).inputs) {
      if (input == from) input = to;
    }
  }
  for (ValueId& output : outputs_) {
    if (output != from) continue;
    output = to;
    if (value(to).producer != kNoNode) {
      const std::string kept = value(from).name;
      rename_value(from, kept + "_replaced");
      rename_value(to, kept);
    }
  }
}

void Graph::rename_value(ValueId id, std::string_view new_name) {
  Value& target = value(id);
  if (target.name == new_name) return;
  const std::string chosen =
      names_.contains(new_name) ? unique_name(new_name) : std::string(new_name);
  names_.erase(target.name);
  names_.emplace(chosen, id);
  target.name = chosen;
}

std::string Graph::unique_name(std::string_view hint) const {
  if (hint.empty()) hint = "value";
  if (!names_.contains(hint)) return std::string(hint);
  for (std::size_t number = names_.size();; ++number) {
    std::string candidate = fmt::format("{}_{}", hint, number);
    if (!names_.contains(candidate)) return candidate;
  }
}

Status Graph::compact() {
  ASSIGN_OR_RETURN(const std::vector<NodeId> order, topological_order());
  std::vector<bool> needed_value(values_.size(), false);
  std::vector<bool> needed_node(nodes_.size(), false);
  for (const ValueId id : inputs_) needed_value[static_cast<std::size_t>(id)] = true;
  for (const ValueId id : outputs_) needed_value[static_cast<std::size_t>(id)] = true;
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const Node& candidate = node(*it);
    const bool needed = std::any_of(
        candidate.outputs.begin(), candidate.outputs.end(),
        [&](ValueId id) { return id != kNoValue && needed_value[static_cast<std::size_t>(id)]; });
    if (!needed) continue;
    needed_node[static_cast<std::size_t>(*it)] = true;
    for (const ValueId id : candidate.inputs) {
      if (id != kNoValue) needed_value[static_cast<std::size_t>(id)] = true;
    }
    for (const ValueId id : candidate.outputs) {
      if (id != kNoValue) needed_value[static_cast<std::size_t>(id)] = true;
    }
  }

  std::vector<ValueId> renumbered(values_.size(), kNoValue);
  std::vector<Value> values;
  names_.clear();
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (!needed_value[i]) continue;
    renumbered[i] = static_cast<ValueId>(values.size());
    names_.emplace(values_[i].name, renumbered[i]);
    values_[i].producer = kNoNode;
    values.push_back(std::move(values_[i]));
  }
  values_ = std::move(values);
  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) {
      if (id != kNoValue) id = renumbered[static_cast<std::size_t>(id)];
    }
  };
  renumber(inputs_);
  renumber(outputs_);

  std::vector<Node> old = std::move(nodes_);
  nodes_.clear();
  removed_.clear();
  for (const NodeId id : order) {
    if (!needed_node[static_cast<std::size_t>(id)]) continue;
    Node moved = std::move(old[static_cast<std::size_t>(id)]);
    renumber(moved.inputs);
    renumber(moved.outputs);
    add_node(std::move(moved));
  }
  return {};
}

Status Graph::verify() const {
  const auto in_range = [&](ValueId id) {
    return id == kNoValue || (id >= 0 && static_cast<std::size_t>(id) < values_.size());
  };
  std::vector<NodeId> producers(values_.size(), kNoNode);
  for (const NodeId id : node_ids()) {
    const Node& checked = node(id);
    for (const ValueId input : checked.inputs) {
      if (!in_range(input)) {
        return error(ErrorCode::kInternal, "node {}: input id {} does not exist",
                     describe_node(*this, id), input);
      }
    }
    for (const ValueId output : checked.outputs) {
      if (!in_range(output)) {
        return error(ErrorCode::kInternal, "node {}: output id {} does not exist",
                     describe_node(*this, id), output);
      }
      if (output == kNoValue) continue;
      if (producers[static_cast<std::size_t>(output)] != kNoNode) {
        return invalid_data("node {}: output '{}' is made by another node too",
                            describe_node(*this, id), value(output).name);
      }
      producers[static_cast<std::size_t>(output)] = id;
    }
  }
  std::vector<bool> is_input(values_.size(), false);
  for (const ValueId id : inputs_) {
    if (!in_range(id) || id == kNoValue)
      return error(ErrorCode::kInternal, "graph input {} does not exist", id);
    is_input[static_cast<std::size_t>(id)] = true;
  }
  const auto check_source = [&](ValueId id, std::string_view reader) -> Status {
    const Value& read = value(id);
    const auto index = static_cast<std::size_t>(id);
    if (read.producer != producers[index]) {
      return error(ErrorCode::kInternal, "value '{}': producer is out of date", read.name);
    }
    if (!is_input[index] && !read.constant && read.producer == kNoNode) {
      return invalid_data("{}: value '{}' is not made by any node, input or initializer", reader,
                          read.name);
    }
    return {};
  };
  for (const NodeId id : node_ids()) {
    for (const ValueId input : node(id).inputs) {
      if (input != kNoValue) {
        RETURN_IF_ERROR(check_source(input, fmt::format("node {}", describe_node(*this, id))));
      }
    }
  }
  for (const ValueId id : outputs_) {
    if (!in_range(id) || id == kNoValue)
      return error(ErrorCode::kInternal, "graph output {} does not exist", id);
    RETURN_IF_ERROR(check_source(id, "graph output"));
  }
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const auto it = names_.find(values_[i].name);
    if (it == names_.end() || it->second != static_cast<ValueId>(i)) {
      return error(ErrorCode::kInternal, "value name '{}' is not unique", values_[i].name);
    }
  }
  if (auto order = topological_order(); !order.ok()) return order.error();
  return {};
}

std::string describe_node(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const std::string label = node.name.empty() ? fmt::format("#{}", id) : node.name;
  return fmt::format("{} ({})", label, node.qualified_type());
}

std::int64_t parameter_count(const Graph& graph) {
  std::vector<bool> counted(graph.value_count(), false);
  std::int64_t total = 0;
  const auto count = [&](ValueId id) {
    const Tensor* tensor = graph.constant(id);
    if (tensor == nullptr || counted[static_cast<std::size_t>(id)]) return;
    counted[static_cast<std::size_t>(id)] = true;
    total += tensor->num_elements();
  };
  for (const NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    if (node.is("BatchNormalization")) {  // running statistics are state, not parameters
      count(node.input(1));
      count(node.input(2));
    } else if (node.is("DequantizeLinear")) {
      count(node.input(0));
    } else if (node.is("QLinearConv")) {
      count(node.input(3));
      count(node.input(8));
    } else if (node.is("QGemm", kLatheDomain)) {
      count(node.input(3));
      count(node.input(6));
    } else if (node.domain.empty() && !node.is("QuantizeLinear")) {
      for (const ValueId input : node.inputs) {
        const Tensor* tensor = graph.constant(input);
        if (tensor != nullptr && is_floating_point(tensor->data_type()) && tensor->rank() > 0) {
          count(input);
        }
      }
    }
  }
  return total;
}

}  // namespace lathe::ir
