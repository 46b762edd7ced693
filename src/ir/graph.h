// A model as a graph of ONNX operators at one canonical opset.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/attribute.h"
#include "ir/shape.h"
#include "ir/tensor.h"

namespace lathe::ir {

// The opset of the default domain that every graph in memory is at.
inline constexpr int kCanonicalOpset = 21;
// Operators that ONNX lacks.
inline constexpr std::string_view kLatheDomain = "lathe";
inline constexpr int kLatheOpset = 1;

using ValueId = std::int32_t;
using NodeId = std::int32_t;
inline constexpr ValueId kNoValue = -1;  // an optional input or output that is absent
inline constexpr NodeId kNoNode = -1;

// A tensor that flows through the graph: an input, a constant, or an output of a node.
struct Value {
  std::string name;  // unique in its graph
  TensorType type;
  std::optional<Tensor> constant;  // an initializer
  NodeId producer = kNoNode;       // maintained by Graph
};

// One operator applied. Trailing absent inputs are dropped, inner ones are kNoValue.
struct Node {
  std::string name;    // may be empty
  std::string domain;  // "" for ONNX, kLatheDomain
  std::string op_type;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  AttributeMap attributes;

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
  // The attribute, or the fallback where it is absent or of another kind (the verifier of ops/ has
  // refused other kinds before).
  [[nodiscard]] std::int64_t attribute_int(std::string_view key, std::int64_t fallback) const;
  [[nodiscard]] float attribute_float(std::string_view key, float fallback) const;
  [[nodiscard]] std::string attribute_string(std::string_view key, std::string_view fallback) const;
  [[nodiscard]] std::vector<std::int64_t> attribute_ints(std::string_view key,
                                                         std::vector<std::int64_t> fallback) const;
  [[nodiscard]] bool has_attribute(std::string_view key) const {
    return attributes.find(key) != attributes.end();
  }
  [[nodiscard]] std::string qualified_type() const;  // "Conv", "lathe.QGemm"
};

// Values and nodes are held in vectors and named by their index. An id stays valid until compact().
// Copying is cheap: tensors are shared. Not safe to change from several threads.
//
// Invariants, checked by verify(): names are unique, every node's inputs are made before it can run
// (no cycle), every value has at most one producer, outputs exist.
class Graph {
 public:
  std::string name = "main";
  // What the file carries beside the graph; keys of ours begin with "lathe.".
  std::map<std::string, std::string, std::less<>> metadata;

  // Empty for a canonical graph. A foreign one is as its file has it, since it has operators that
  // Lathe does not know: the versions of its operator sets by domain. Other runtimes can run it,
  // after serialize_onnx; nothing here can, and passes do not apply.
  std::map<std::string, std::int64_t, std::less<>> opsets;

  // Building. A name that is empty or taken is made unique by a number at its end.
  ValueId add_input(std::string_view input_name, TensorType type);
  ValueId add_constant(std::string_view constant_name, Tensor tensor);
  // A value to be named as a node's output by add_node.
  ValueId add_value(std::string_view value_name, TensorType type = {});
  // Takes over the node; its outputs must have no producer yet.
  NodeId add_node(Node node);
  // Adds a node with one output and returns that.
  ValueId add(std::string_view op_type, std::span<const ValueId> inputs,
              AttributeMap attributes = {}, std::string_view output_name = {},
              std::string_view domain = {});
  void set_outputs(std::vector<ValueId> outputs) { outputs_ = std::move(outputs); }

  // Reading.
  [[nodiscard]] std::span<const ValueId> inputs() const { return inputs_; }
  [[nodiscard]] std::span<const ValueId> outputs() const { return outputs_; }
  [[nodiscard]] std::size_t value_count() const { return values_.size(); }
  [[nodiscard]] const Value& value(ValueId id) const {
    return values_.at(static_cast<std::size_t>(id));
  }
  [[nodiscard]] Value& value(ValueId id) { return values_.at(static_cast<std::size_t>(id)); }
  [[nodiscard]] const Node& node(NodeId id) const {
    return nodes_.at(static_cast<std::size_t>(id));
  }
  // Change attributes and name only; inputs by set_input.
  [[nodiscard]] Node& mutable_node(NodeId id) { return nodes_.at(static_cast<std::size_t>(id)); }
  [[nodiscard]] std::optional<ValueId> find_value(std::string_view value_name) const;
  // The constant behind an input, or null: absent inputs and computed values have none.
  [[nodiscard]] const Tensor* constant(ValueId id) const;
  // Nodes that are not removed, in the order of their ids.
  [[nodiscard]] std::vector<NodeId> node_ids() const;
  [[nodiscard]] std::size_t node_count() const;
  // An order in which every node follows the makers of its inputs; stable: by id where free. An
  // error that names a node on the cycle where there is one.
  [[nodiscard]] Result<std::vector<NodeId>> topological_order() const;
  // consumers()[v]: the nodes that read value v, once per input slot, in order of ids.
  [[nodiscard]] std::vector<std::vector<NodeId>> consumers() const;
  [[nodiscard]] bool is_output(ValueId id) const;

  // Rewriting.
  void set_input(NodeId id, std::size_t slot, ValueId value);
  void remove_node(NodeId id);  // its outputs lose their producer
  // Every reader of `from`, graph outputs included, reads `to` instead. A graph output keeps its
  // name: `to` takes it over where `to` is computed by a node.
  void replace_uses(ValueId from, ValueId to);
  void rename_value(ValueId id, std::string_view new_name);
  // A name like `hint` that no value has.
  [[nodiscard]] std::string unique_name(std::string_view hint) const;
  // Drops nodes that no output needs, then unused constants and values; renumbers all ids and puts
  // the nodes in topological order. Graph inputs stay.
  Status compact();

  // Checks the invariants above; the error names the node or value.
  [[nodiscard]] Status verify() const;

 private:
  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<bool> removed_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  std::map<std::string, ValueId, std::less<>> names_;
  ValueId insert_value(Value value);
};

// "conv1 (Conv)", or "#7 (Conv)" for a node without a name: for messages.
std::string describe_node(const Graph& graph, NodeId id);

// Elements of all float initializers that nodes read, plus integer ones that feed
// DequantizeLinear or integer operators as weights: what the field calls parameters.
std::int64_t parameter_count(const Graph& graph);

}  // namespace lathe::ir
