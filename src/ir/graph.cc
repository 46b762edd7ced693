#include "ir/graph.h"

#include <algorithm>
#include <queue>

#include "ir/domains.h"

namespace lathe::ir {
namespace {

bool holds_graphs(const Attribute& attribute) {
  return std::holds_alternative<Subgraph>(attribute) ||
         std::holds_alternative<std::vector<Subgraph>>(attribute);
}

// Calls function(Subgraph&) on each subgraph of the node.
template <typename Map, typename Function>
void for_each_subgraph(Map& attributes, Function function) {
  for (auto& [key, attribute] : attributes) {
    if (auto* one = std::get_if<Subgraph>(&attribute)) {
      function(*one);
    } else if (auto* list = std::get_if<std::vector<Subgraph>>(&attribute)) {
      for (auto& subgraph : *list) function(subgraph);
    }
  }
}

// Calls function(ValueId&) on each slot of the node that reads a value.
template <typename SomeNode, typename Function>
void for_each_read(SomeNode& node, Function function) {
  for (auto& input : node.inputs) {
    if (input != kNoValue) function(input);
  }
  for_each_subgraph(node.attributes, [&](auto& subgraph) {
    for (auto& capture : subgraph.captures) function(capture);
  });
}

void drop_trailing_absent(std::vector<ValueId>& ids) {
  while (!ids.empty() && ids.back() == kNoValue) ids.pop_back();
}

}  // namespace

std::string Node::qualified_type() const {
  return domain.empty() ? op_type : fmt::format("{}.{}", domain, op_type);
}

std::vector<ValueId> Node::reads() const {
  std::vector<ValueId> ids;
  for_each_read(*this, [&](ValueId id) { ids.push_back(id); });
  return ids;
}

ValueId Graph::insert_value(Value value) {
  if (value.name.empty() || names_.contains(value.name)) value.name = unique_name(value.name);
  const auto id = static_cast<ValueId>(values_.size());
  names_.emplace(value.name, id);
  values_.push_back(std::move(value));
  return id;
}

ValueId Graph::add_input(std::string_view input_name, Type type) {
  const ValueId id = insert_value({std::string(input_name), std::move(type)});
  inputs_.push_back(id);
  return id;
}

ValueId Graph::add_capture(std::string_view capture_name, Type type) {
  const ValueId id = insert_value({std::string(capture_name), std::move(type)});
  captures_.push_back(id);
  return id;
}

ValueId Graph::add_constant(std::string_view constant_name, Tensor tensor) {
  Type type = tensor.type();
  return insert_value({std::string(constant_name), std::move(type), std::move(tensor)});
}

ValueId Graph::add_value(std::string_view value_name, Type type) {
  return insert_value({std::string(value_name), std::move(type)});
}

void Graph::add_reader(ValueId id, NodeId reader) {
  std::vector<NodeId>& readers = mutable_value(id).readers;
  readers.insert(std::upper_bound(readers.begin(), readers.end(), reader), reader);
}

void Graph::drop_reader(ValueId id, NodeId reader) {
  std::vector<NodeId>& readers = mutable_value(id).readers;
  const auto it = std::lower_bound(readers.begin(), readers.end(), reader);
  LATHE_CHECK(it != readers.end() && *it == reader);
  readers.erase(it);
}

void Graph::link(NodeId id) {
  for_each_read(node(id), [&](ValueId read) { add_reader(read, id); });
}

void Graph::unlink(NodeId id) {
  for_each_read(node(id), [&](ValueId read) { drop_reader(read, id); });
}

NodeId Graph::add_node(Node node, NodeId beside) {
  const auto id = static_cast<NodeId>(nodes_.size());
  drop_trailing_absent(node.inputs);
  for (const ValueId output : node.outputs) {
    if (output == kNoValue) continue;
    Value& made = mutable_value(output);
    LATHE_CHECK(made.producer == kNoNode && !made.constant);
    made.producer = id;
  }
  nodes_.push_back({std::move(node), beside == kNoNode ? id : place(beside)});
  link(id);
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

void Graph::set_outputs(std::vector<ValueId> outputs) {
  for (const ValueId id : outputs_) mutable_value(id).is_output = false;
  outputs_ = std::move(outputs);
  for (const ValueId id : outputs_) mutable_value(id).is_output = true;
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

const Node* Graph::producer(ValueId id) const {
  if (id == kNoValue || value(id).producer == kNoNode) return nullptr;
  return &node(value(id).producer);
}

std::vector<NodeId> Graph::node_ids() const {
  std::vector<NodeId> ids;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].removed) ids.push_back(static_cast<NodeId>(i));
  }
  return ids;
}

std::size_t Graph::node_count() const {
  return static_cast<std::size_t>(
      std::count_if(nodes_.begin(), nodes_.end(), [](const Slot& slot) { return !slot.removed; }));
}

Result<std::vector<NodeId>> Graph::topological_order() const {
  std::vector<int> waiting(nodes_.size(), 0);
  std::vector<std::vector<NodeId>> followers(nodes_.size());
  // The place of a node, then its id.
  using Ready = std::pair<NodeId, NodeId>;
  std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
  const std::vector<NodeId> ids = node_ids();
  for (const NodeId id : ids) {
    for_each_read(node(id), [&](ValueId read) {
      const NodeId maker = value(read).producer;
      if (maker == kNoNode) return;
      followers[static_cast<std::size_t>(maker)].push_back(id);
      ++waiting[static_cast<std::size_t>(id)];
    });
    if (waiting[static_cast<std::size_t>(id)] == 0) ready.emplace(place(id), id);
  }
  std::vector<NodeId> order;
  order.reserve(ids.size());
  while (!ready.empty()) {
    const NodeId id = ready.top().second;
    ready.pop();
    order.push_back(id);
    for (const NodeId follower : followers[static_cast<std::size_t>(id)]) {
      if (--waiting[static_cast<std::size_t>(follower)] == 0)
        ready.emplace(place(follower), follower);
    }
  }
  if (order.size() == ids.size()) return order;
  const auto stuck = std::find_if(
      ids.begin(), ids.end(), [&](NodeId id) { return waiting[static_cast<std::size_t>(id)] > 0; });
  return invalid_data("node {}: lies on or behind a cycle", describe_node(*this, *stuck));
}

void Graph::set_constant(ValueId id, Tensor tensor) {
  Value& changed = mutable_value(id);
  LATHE_CHECK(changed.producer == kNoNode);
  changed.type = tensor.type();
  changed.constant = std::move(tensor);
}

void Graph::set_input(NodeId id, std::size_t slot, ValueId input) {
  Node& target = mutable_node(id);
  if (slot >= target.inputs.size()) target.inputs.resize(slot + 1, kNoValue);
  if (target.inputs[slot] != kNoValue) drop_reader(target.inputs[slot], id);
  if (input != kNoValue) add_reader(input, id);
  target.inputs[slot] = input;
  drop_trailing_absent(target.inputs);
}

void Graph::set_attribute(NodeId id, std::string_view key, Attribute attribute) {
  AttributeMap& attributes = mutable_node(id).attributes;
  const auto it = attributes.find(key);
  // Only graphs read values.
  if (!holds_graphs(attribute) && (it == attributes.end() || !holds_graphs(it->second))) {
    attributes.insert_or_assign(std::string(key), std::move(attribute));
    return;
  }
  unlink(id);
  attributes.insert_or_assign(std::string(key), std::move(attribute));
  link(id);
}

void Graph::remove_attribute(NodeId id, std::string_view key) {
  AttributeMap& attributes = mutable_node(id).attributes;
  const auto it = attributes.find(key);
  if (it == attributes.end()) return;
  const bool reads = holds_graphs(it->second);
  if (reads) unlink(id);
  attributes.erase(it);
  if (reads) link(id);
}

void Graph::truncate_outputs(NodeId id, std::size_t count) {
  std::vector<ValueId>& outputs = mutable_node(id).outputs;
  for (; outputs.size() > count; outputs.pop_back()) {
    if (outputs.back() != kNoValue) mutable_value(outputs.back()).producer = kNoNode;
  }
}

void Graph::remove_node(NodeId id) {
  unlink(id);
  for (const ValueId output : node(id).outputs) {
    if (output != kNoValue) mutable_value(output).producer = kNoNode;
  }
  nodes_.at(static_cast<std::size_t>(id)).removed = true;
}

void Graph::replace_uses(ValueId from, ValueId to) {
  if (from == to) return;
  std::vector<NodeId> readers = std::move(mutable_value(from).readers);
  mutable_value(from).readers.clear();
  for (auto it = readers.begin(); it != readers.end();
       it = std::upper_bound(it, readers.end(), *it)) {
    for_each_read(mutable_node(*it), [&](ValueId& read) {
      if (read == from) read = to;
    });
  }
  std::vector<NodeId>& others = mutable_value(to).readers;
  const auto middle = static_cast<std::ptrdiff_t>(others.size());
  others.insert(others.end(), readers.begin(), readers.end());
  std::inplace_merge(others.begin(), others.begin() + middle, others.end());
  if (!value(from).is_output) return;
  mutable_value(from).is_output = false;
  mutable_value(to).is_output = true;
  std::replace(outputs_.begin(), outputs_.end(), from, to);
  if (value(to).producer != kNoNode) {
    const std::string kept = value(from).name;
    rename_value(from, kept + "_replaced");
    rename_value(to, kept);
  }
}

void Graph::rename_value(ValueId id, std::string_view new_name) {
  Value& target = mutable_value(id);
  if (target.name == new_name) return;
  const std::string chosen =
      names_.contains(new_name) ? unique_name(new_name) : std::string(new_name);
  names_.erase(target.name);
  names_.emplace(chosen, id);
  target.name = chosen;
}

std::string Graph::unique_name(std::string_view hint) {
  if (hint.empty()) hint = "value";
  if (!names_.contains(hint)) return std::string(hint);
  // The number only grows, so that a file full of names like ours costs one look at each.
  for (next_number_ = std::max(next_number_, names_.size());; ++next_number_) {
    std::string candidate = fmt::format("{}_{}", hint, next_number_);
    if (!names_.contains(candidate)) return candidate;
  }
}

Status Graph::compact() {
  prepared = nullptr;
  ASSIGN_OR_RETURN(const std::vector<NodeId> order, topological_order());
  std::vector<bool> needed_value(values_.size(), false);
  std::vector<bool> needed_node(nodes_.size(), false);
  const auto need = [&](ValueId id) {
    if (id != kNoValue) needed_value[static_cast<std::size_t>(id)] = true;
  };
  for (const auto* ids : {&inputs_, &outputs_, &captures_})
    std::for_each(ids->begin(), ids->end(), need);
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const Node& candidate = node(*it);
    const bool needed = std::any_of(
        candidate.outputs.begin(), candidate.outputs.end(),
        [&](ValueId id) { return id != kNoValue && needed_value[static_cast<std::size_t>(id)]; });
    if (!needed) continue;
    needed_node[static_cast<std::size_t>(*it)] = true;
    for_each_read(candidate, need);
    std::for_each(candidate.outputs.begin(), candidate.outputs.end(), need);
  }

  std::vector<ValueId> renumbered(values_.size(), kNoValue);
  std::deque<Value> values;
  names_.clear();
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (!needed_value[i]) continue;
    renumbered[i] = static_cast<ValueId>(values.size());
    names_.emplace(values_[i].name, renumbered[i]);
    values_[i].producer = kNoNode;
    values_[i].readers.clear();
    values.push_back(std::move(values_[i]));
  }
  values_ = std::move(values);
  const auto renumber = [&](ValueId& id) {
    if (id != kNoValue) id = renumbered[static_cast<std::size_t>(id)];
  };
  for (auto* ids : {&inputs_, &outputs_, &captures_})
    std::for_each(ids->begin(), ids->end(), renumber);

  std::deque<Slot> old = std::move(nodes_);
  nodes_.clear();
  for (const NodeId id : order) {
    if (!needed_node[static_cast<std::size_t>(id)]) continue;
    Node moved = std::move(old[static_cast<std::size_t>(id)].node);
    for_each_read(moved, renumber);
    std::for_each(moved.outputs.begin(), moved.outputs.end(), renumber);
    add_node(std::move(moved));
  }
  return {};
}

Status Graph::verify_node(NodeId id, std::vector<NodeId>& producers) const {
  const Node& checked = node(id);
  for (const ValueId output : checked.outputs) {
    if (output == kNoValue) continue;
    if (!exists(output)) return error(ErrorCode::kInternal, "output id {} does not exist", output);
    NodeId& producer = producers[static_cast<std::size_t>(output)];
    if (producer != kNoNode)
      return invalid_data("output '{}' is made by another node too", value(output).name);
    producer = id;
  }
  for (const ValueId read : checked.reads()) {
    if (!exists(read)) return error(ErrorCode::kInternal, "input id {} does not exist", read);
  }
  for (const Subgraph* subgraph : subgraphs(checked)) {
    if (subgraph->graph == nullptr ||
        subgraph->captures.size() != subgraph->graph->captures().size()) {
      return error(ErrorCode::kInternal, "a subgraph does not have the captures that it names");
    }
    if (Status inner = subgraph->graph->verify(); !inner.ok())
      return inner.error().with_context(fmt::format("graph '{}'", subgraph->graph->name));
  }
  return {};
}

Status Graph::verify_sources(const std::vector<NodeId>& producers) const {
  std::vector<bool> given(values_.size(), false);
  for (const auto* ids : {&inputs_, &captures_}) {
    for (const ValueId id : *ids) {
      if (!exists(id)) return error(ErrorCode::kInternal, "graph input {} does not exist", id);
      given[static_cast<std::size_t>(id)] = true;
    }
  }
  const auto check = [&](ValueId id) -> Status {
    const Value& read = value(id);
    const auto index = static_cast<std::size_t>(id);
    if (read.producer != producers[index])
      return error(ErrorCode::kInternal, "value '{}': producer is out of date", read.name);
    if (!given[index] && !read.constant && read.producer == kNoNode) {
      return invalid_data("value '{}' is not made by any node, input or initializer", read.name);
    }
    return {};
  };
  for (const NodeId id : node_ids()) {
    for (const ValueId read : node(id).reads()) {
      RETURN_IF_ERROR(check(read).with_context(fmt::format("node {}", describe_node(*this, id))));
    }
  }
  for (const ValueId id : outputs_) {
    if (!exists(id)) return error(ErrorCode::kInternal, "graph output {} does not exist", id);
    RETURN_IF_ERROR(check(id).with_context("graph output"));
  }
  return {};
}

Status Graph::verify_values() const {
  std::vector<std::vector<NodeId>> readers(values_.size());
  for (const NodeId id : node_ids()) {
    for (const ValueId read : node(id).reads())
      readers[static_cast<std::size_t>(read)].push_back(id);
  }
  std::vector<bool> listed(values_.size(), false);
  for (const ValueId id : outputs_) listed[static_cast<std::size_t>(id)] = true;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const Value& checked = values_[i];
    const auto it = names_.find(checked.name);
    if (it == names_.end() || it->second != static_cast<ValueId>(i))
      return error(ErrorCode::kInternal, "value name '{}' is not unique", checked.name);
    if (checked.readers != readers[i] || checked.is_output != listed[i])
      return error(ErrorCode::kInternal, "value '{}': readers are out of date", checked.name);
  }
  return {};
}

Status Graph::verify() const {
  std::vector<NodeId> producers(values_.size(), kNoNode);
  for (const NodeId id : node_ids()) {
    RETURN_IF_ERROR(
        verify_node(id, producers).with_context(fmt::format("node {}", describe_node(*this, id))));
  }
  RETURN_IF_ERROR(verify_sources(producers));
  RETURN_IF_ERROR(verify_values());
  if (auto order = topological_order(); !order.ok()) return order.error();
  return {};
}

std::vector<const Subgraph*> subgraphs(const Node& node) {
  std::vector<const Subgraph*> found;
  for_each_subgraph(node.attributes, [&](const Subgraph& subgraph) { found.push_back(&subgraph); });
  return found;
}

std::vector<Subgraph*> subgraphs(Node& node) {
  std::vector<Subgraph*> found;
  for (auto& [key, attribute] : node.attributes) {
    if (auto* one = std::get_if<Subgraph>(&attribute)) found.push_back(one);
    if (auto* list = std::get_if<std::vector<Subgraph>>(&attribute))
      for (Subgraph& subgraph : *list) found.push_back(&subgraph);
  }
  return found;
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
    } else if (node.is("QLinearMatMul")) {
      count(node.input(3));
    } else if (node.is("QGemm", kMicrosoftDomain)) {
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
