// One node of an older opset while it becomes canonical, and the edits that upgrades are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace lathe::formats {

// What the upgrades of one graph share.
struct UpgradeSession {
  UpgradeSession(const ir::Graph& graph, int file_opset);

  int opset;               // of the file
  std::vector<bool> read;  // whether a node or the graph's outputs read a value, before any edit
  // A name that the graph does not have yet. The number only grows, so that a file full of names
  // like ours costs no more than one look at each.
  std::string fresh_name(const ir::Graph& graph, std::string_view hint);

 private:
  std::int64_t next_ = 0;
};

// Types of the node's inputs are known as far as inference can tell: nodes are upgraded in
// topological order and inferred as they go.
class NodeUpgrade {
 public:
  NodeUpgrade(ir::Graph& graph, ir::NodeId id, UpgradeSession& session)
      : graph_(graph), id_(id), session_(session), result_{id} {}

  [[nodiscard]] const ir::Node& node() const { return graph_.node(id_); }
  [[nodiscard]] int opset() const { return session_.opset; }
  // Type of an input that is present.
  [[nodiscard]] const ir::TensorType& input_type(std::size_t i) const {
    return graph_.value(node().input(i)).type;
  }
  // Whether anything reads output i of the node as the file has it.
  [[nodiscard]] bool output_is_read(std::size_t i) const;

  // The node has exactly the inputs that its old version allows.
  [[nodiscard]] Status check_inputs(std::size_t least, std::size_t most) const;

  // Removes an attribute and gives its value; empty where it is absent, an error where it is of
  // another kind. T is an alternative of ir::Attribute.
  template <typename T>
  Result<std::optional<T>> take(std::string_view key);
  void set_attribute(const std::string& key, ir::Attribute value) {
    graph_.mutable_node(id_).attributes.insert_or_assign(key, std::move(value));
  }

  // Makes input `slot` a new constant, named after the node's output.
  void set_constant_input(std::size_t slot, std::string_view suffix, ir::Tensor tensor);
  // Drops outputs behind the first `count`; nothing may read them.
  void truncate_outputs(std::size_t count);
  // Replaces the node by a chain of nodes that each read the one before, the first reading input
  // `slot` 0 of the node, the last making its output 0. Further inputs are new constants.
  struct Step {
    std::string op_type;
    ir::AttributeMap attributes;
    std::optional<ir::Tensor> second_input;
  };
  void replace_by_chain(std::vector<Step> steps);

  // The nodes that now stand for the original one, makers first.
  [[nodiscard]] std::span<const ir::NodeId> result() const { return result_; }

 private:
  ir::Graph& graph_;
  ir::NodeId id_;
  UpgradeSession& session_;
  std::vector<ir::NodeId> result_;
};

template <typename T>
Result<std::optional<T>> NodeUpgrade::take(std::string_view key) {
  ir::AttributeMap& attributes = graph_.mutable_node(id_).attributes;
  const auto it = attributes.find(key);
  if (it == attributes.end()) return std::optional<T>();
  T* value = std::get_if<T>(&it->second);
  if (value == nullptr) {
    return invalid_data("attribute '{}' is {}, expected {}", key,
                        ir::attribute_kind_name(it->second),
                        ir::attribute_kind_name(ir::Attribute(T())));
  }
  std::optional<T> taken(std::move(*value));
  attributes.erase(it);
  return taken;
}

}  // namespace lathe::formats
