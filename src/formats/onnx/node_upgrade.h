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

// Types of the node's inputs are known as far as inference can tell: nodes are upgraded in
// topological order and inferred as they go.
class NodeUpgrade {
 public:
  NodeUpgrade(ir::Graph& graph, ir::NodeId id, int opset)
      : graph_(graph), id_(id), opset_(opset), result_{id} {}

  [[nodiscard]] const ir::Node& node() const { return graph_.node(id_); }
  [[nodiscard]] int opset() const { return opset_; }  // of the file
  // Type of an input that is present.
  [[nodiscard]] const ir::TensorType& input_type(std::size_t i) const {
    return graph_.tensor_type(node().input(i));
  }
  // The constant behind an input, or null.
  [[nodiscard]] const ir::Tensor* constant(std::size_t i) const {
    return graph_.constant(node().input(i));
  }
  // Whether anything reads output i of the node.
  [[nodiscard]] bool output_is_read(std::size_t i) const;

  // Removes an attribute and gives its value; empty where it is absent. T is the alternative of
  // ir::Attribute that its signature has.
  template <typename T>
  std::optional<T> take(std::string_view key);
  void set_attribute(const std::string& key, ir::Attribute value) {
    graph_.set_attribute(id_, key, std::move(value));
  }

  void remove_attribute(std::string_view key) { graph_.remove_attribute(id_, key); }

  void rename(std::string_view op_type);  // the operator
  void replace(ir::Node node);            // by one that makes the same outputs

  // Makes the input of one slot that of another, and the first one absent.
  void move_input(std::size_t from, std::size_t to);
  // Makes input `slot` a new constant, named after the node's output.
  void set_constant_input(std::size_t slot, std::string_view suffix, ir::Tensor tensor);
  // Makes input `slot` those of its elements along axis 0 that have these indices.
  void gather_input(std::size_t slot, std::span<const std::int64_t> indices);
  // Gives an input so many axes of extent 1 behind its own.
  void append_axes(std::size_t slot, std::int64_t rank, std::int64_t count);
  void truncate_inputs(std::size_t count);
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

  // By a chain of nodes, which are canonical.
  [[nodiscard]] bool is_replaced() const { return replaced_; }
  // The nodes that now stand for the original one, makers first.
  [[nodiscard]] std::span<const ir::NodeId> result() const { return result_; }

 private:
  ir::Graph& graph_;
  ir::NodeId id_;
  int opset_;
  std::vector<ir::NodeId> result_;
  bool replaced_ = false;
};

template <typename T>
std::optional<T> NodeUpgrade::take(std::string_view key) {
  const ir::AttributeMap& attributes = node().attributes;
  const auto it = attributes.find(key);
  if (it == attributes.end()) return std::nullopt;
  std::optional<T> taken(std::get<T>(it->second));
  graph_.remove_attribute(id_, key);
  return taken;
}

}  // namespace lathe::formats
