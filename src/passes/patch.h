// What a rule wants changed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace lathe::passes {

// Edits of one graph, collected without touching it, so that a rule that finds out late that it
// does not apply has changed nothing. Values that the patch adds have ids of their own, which its
// other edits may use like those of the graph; they mean nothing elsewhere.
//
//   Patch patch;
//   const ValueId bias = patch.add_constant("bias", tensor);
//   patch.replace_uses(node.output(), patch.add_node({.op_type = "Conv", .inputs = {x, w, bias}}));
class Patch {
 public:
  ir::ValueId add_constant(std::string name, ir::Tensor tensor);
  // A node with one output, which is named as what it replaces where it does. `node.outputs` is
  // empty. It stands where `beside` does in orders of nodes, or where the rule's node does.
  ir::ValueId add_node(ir::Node node, ir::NodeId beside = ir::kNoNode);
  // One with any number of outputs: `node.outputs` says which there are, by kNoValue where one is
  // absent. Gives their ids in its place.
  std::vector<ir::ValueId> add_node_of_outputs(ir::Node node);
  // Every reader of `from` reads `to` instead; see ir::Graph::replace_uses.
  void replace_uses(ir::ValueId from, ir::ValueId to);
  void set_input(ir::NodeId node, std::size_t slot, ir::ValueId value);

 private:
  friend class GraphEditor;
  struct Constant {
    std::string name;
    ir::Tensor tensor;
  };
  struct Added {
    bool is_constant;
    std::size_t index;  // into constants_ or nodes_
    ir::NodeId beside = ir::kNoNode;
    std::size_t outputs = 1;  // of a node: as many ids
  };
  struct Use {
    ir::ValueId from;
    ir::ValueId to;
  };
  struct Input {
    ir::NodeId node;
    std::size_t slot;
    ir::ValueId value;
  };
  // Ids of added values count down from here.
  static constexpr ir::ValueId kFirstAdded = -2;
  [[nodiscard]] ir::ValueId next_id() const {
    return kFirstAdded - static_cast<ir::ValueId>(id_count_);
  }

  std::vector<Added> added_;
  std::size_t id_count_ = 0;
  std::vector<Constant> constants_;
  std::vector<ir::Node> nodes_;
  std::vector<Use> uses_;
  std::vector<Input> inputs_;
};

}  // namespace lathe::passes
