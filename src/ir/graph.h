// A model as a graph of ONNX operators at one canonical opset.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/attribute.h"
#include "ir/prepared.h"
#include "ir/shape.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace lathe::ir {

// The opset of the default domain that every graph in memory is at: the newest that ops/ has
// signatures of.
inline constexpr int kCanonicalOpset = 28;
// Operators that ONNX lacks.
inline constexpr std::string_view kLatheDomain = "lathe";

// What flows through the graph: an input, a constant, an output of a node, or, in the graph inside
// a node, a value of the graph around it.
struct Value {
  std::string name;  // unique in its graph
  Type type;
  std::optional<Tensor> constant = std::nullopt;  // an initializer
  NodeId producer = kNoNode;
  std::vector<NodeId> readers = {};  // in the order of their ids, once for each slot that reads it
  bool is_output = false;            // of the graph
};

// One operator applied. Trailing absent inputs are dropped, inner ones are kNoValue.
struct Node {
  std::string name = {};    // may be empty
  std::string domain = {};  // "" for ONNX, kLatheDomain
  std::string op_type = {};
  std::vector<ValueId> inputs = {};
  std::vector<ValueId> outputs = {};
  AttributeMap attributes = {};

  [[nodiscard]] bool is(std::string_view type, std::string_view in_domain = "") const {
    return op_type == type && domain == in_domain;
  }
  // Input i, or kNoValue where it is absent.
  [[nodiscard]] ValueId input(std::size_t i) const {
    return i < inputs.size() ? inputs[i] : kNoValue;
  }
  [[nodiscard]] ValueId output(std::size_t i = 0) const {
    return i < outputs.size() ? outputs[i] : kNoValue;
  }
  [[nodiscard]] bool has_attribute(std::string_view key) const {
    return attributes.find(key) != attributes.end();
  }
  [[nodiscard]] std::string qualified_type() const;  // "Conv", "lathe.QGemm"
  // Every value that the node reads, once for each slot: inputs that are present, then what its
  // subgraphs capture.
  [[nodiscard]] std::vector<ValueId> reads() const;
};

// Values and nodes are named by ids, which stay valid until compact(); references to them stay
// valid while the graph is edited, up to then. Who makes and who reads a value is kept up to date
// by each edit, which costs no more than it touches. Copying is cheap: tensors are shared. Not safe
// to change from several threads.
//
// Invariants, checked by verify(): names are unique, every node's inputs are made before it can run
// (no cycle), every value has at most one producer, outputs exist, graphs inside nodes are sound
// and capture values that exist.
class Graph {
 public:
  std::string name = "main";
  // What the file carries beside the graph; keys of ours begin with "lathe.".
  std::map<std::string, std::string, std::less<>> metadata;

  // Empty for a canonical graph. A foreign one is as its file has it, since it has operators that
  // Lathe does not know: the versions of its operator sets by domain. Other runtimes can run it,
  // after serialize_onnx; nothing here can, and passes do not apply.
  std::map<std::string, std::int64_t, std::less<>> opsets;

  // Of a compiled model, or null. Its ids are this graph's: what renumbers them drops it.
  std::shared_ptr<const Prepared> prepared;

  // Building. A name that is empty or taken is made unique by a number at its end.
  ValueId add_input(std::string_view input_name, Type type);
  ValueId add_constant(std::string_view constant_name, Tensor tensor);
  // In the graph inside a node: a value of the graph around it.
  ValueId add_capture(std::string_view capture_name, Type type = {});
  // A value to be named as a node's output by add_node.
  ValueId add_value(std::string_view value_name, Type type = {});
  // Takes over the node; its outputs must have no producer yet. In orders of nodes it stands where
  // `beside` does, behind it, or at the end.
  NodeId add_node(Node node, NodeId beside = kNoNode);
  // Adds a node with one output and returns that.
  ValueId add(std::string_view op_type, std::span<const ValueId> inputs,
              AttributeMap attributes = {}, std::string_view output_name = {},
              std::string_view domain = {});
  void set_outputs(std::vector<ValueId> outputs);

  // Reading.
  [[nodiscard]] std::span<const ValueId> inputs() const { return inputs_; }
  [[nodiscard]] std::span<const ValueId> outputs() const { return outputs_; }
  [[nodiscard]] std::span<const ValueId> captures() const { return captures_; }
  [[nodiscard]] std::size_t value_count() const { return values_.size(); }
  [[nodiscard]] const Value& value(ValueId id) const {
    return values_.at(static_cast<std::size_t>(id));
  }
  [[nodiscard]] const Type& type(ValueId id) const { return value(id).type; }
  // The type of a value as a tensor: one of which nothing is known where it is no tensor.
  [[nodiscard]] const TensorType& tensor_type(ValueId id) const { return value(id).type.tensor(); }
  [[nodiscard]] const Node& node(NodeId id) const {
    return nodes_.at(static_cast<std::size_t>(id)).node;
  }
  [[nodiscard]] std::optional<ValueId> find_value(std::string_view value_name) const;
  // The constant behind an input, or null: absent inputs and computed values have none.
  [[nodiscard]] const Tensor* constant(ValueId id) const;
  // The node that makes a value, or null.
  [[nodiscard]] const Node* producer(ValueId id) const;
  // The nodes that read a value, once for each slot, in order of ids.
  [[nodiscard]] std::span<const NodeId> readers(ValueId id) const { return value(id).readers; }
  [[nodiscard]] bool is_output(ValueId id) const { return value(id).is_output; }
  // Nodes that are not removed, in the order of their ids.
  [[nodiscard]] std::vector<NodeId> node_ids() const;
  // One more than the largest id that a node has had since the last compact().
  [[nodiscard]] std::size_t node_id_limit() const { return nodes_.size(); }
  [[nodiscard]] bool is_removed(NodeId id) const {
    return nodes_.at(static_cast<std::size_t>(id)).removed;
  }
  [[nodiscard]] std::size_t node_count() const;
  // An order in which every node follows the makers of what it reads; stable: as added where free.
  // An error that names a node on the cycle where there is one.
  [[nodiscard]] Result<std::vector<NodeId>> topological_order() const;

  // Editing.
  void set_type(ValueId id, Type type) { mutable_value(id).type = std::move(type); }
  // A value that no node makes becomes a constant, or another one; its type is the tensor's.
  void set_constant(ValueId id, Tensor tensor);
  void set_input(NodeId id, std::size_t slot, ValueId value);
  void set_attribute(NodeId id, std::string_view key, Attribute attribute);
  void remove_attribute(NodeId id, std::string_view key);
  void rename_node(NodeId id, std::string_view new_name) {
    mutable_node(id).name = std::string(new_name);
  }
  // The node makes its first `count` outputs only; the others lose their producer.
  void truncate_outputs(NodeId id, std::size_t count);
  void remove_node(NodeId id);  // its outputs lose their producer
  // Every reader of `from`, graph outputs included, reads `to` instead. A graph output keeps its
  // name: `to` takes it over where `to` is computed by a node.
  void replace_uses(ValueId from, ValueId to);
  void rename_value(ValueId id, std::string_view new_name);
  // A name like `hint` that no value has.
  [[nodiscard]] std::string unique_name(std::string_view hint);
  // Drops nodes that no output needs, then unused constants and values; renumbers all ids and puts
  // the nodes in topological order. Graph inputs stay; captures that nothing reads any more stay
  // too, since the node around the graph names them.
  Status compact();

  // Checks the invariants above; the error names the node or value.
  [[nodiscard]] Status verify() const;

 private:
  struct Slot {
    Node node;
    NodeId place = kNoNode;  // among the others, in orders; its id where that says the same
    bool removed = false;
  };
  Value& mutable_value(ValueId id) { return values_.at(static_cast<std::size_t>(id)); }
  Node& mutable_node(NodeId id) { return nodes_.at(static_cast<std::size_t>(id)).node; }
  [[nodiscard]] NodeId place(NodeId id) const {
    return nodes_.at(static_cast<std::size_t>(id)).place;
  }
  ValueId insert_value(Value value);
  void add_reader(ValueId id, NodeId reader);
  void drop_reader(ValueId id, NodeId reader);
  void link(NodeId id);
  void unlink(NodeId id);
  [[nodiscard]] bool exists(ValueId id) const {
    return id >= 0 && static_cast<std::size_t>(id) < values_.size();
  }
  [[nodiscard]] Status verify_node(NodeId id, std::vector<NodeId>& producers) const;
  [[nodiscard]] Status verify_sources(const std::vector<NodeId>& producers) const;
  [[nodiscard]] Status verify_values() const;

  std::deque<Value> values_;
  std::deque<Slot> nodes_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  std::vector<ValueId> captures_;
  std::map<std::string, ValueId, std::less<>> names_;
  std::size_t next_number_ = 0;  // where unique_name goes on looking
};

// The subgraphs of a node, in the order of its attributes.
std::vector<const Subgraph*> subgraphs(const Node& node);
std::vector<Subgraph*> subgraphs(Node& node);

// "conv1 (Conv)", or "#7 (Conv)" for a node without a name: for messages.
std::string describe_node(const Graph& graph, NodeId id);

// Elements of all float initializers that nodes read, plus integer ones that feed
// DequantizeLinear or integer operators as weights: what the field calls parameters.
std::int64_t parameter_count(const Graph& graph);

}  // namespace lathe::ir
