#include "passes/patch.h"

namespace lathe::passes {

ir::ValueId Patch::add_constant(std::string name, ir::Tensor tensor) {
  const ir::ValueId id = next_id();
  added_.push_back({true, constants_.size()});
  ++id_count_;
  constants_.push_back({std::move(name), std::move(tensor)});
  return id;
}

ir::ValueId Patch::add_node(ir::Node node, ir::NodeId beside) {
  LATHE_CHECK(node.outputs.empty());
  const ir::ValueId id = next_id();
  node.outputs = {id};
  added_.push_back({false, nodes_.size(), beside});
  ++id_count_;
  nodes_.push_back(std::move(node));
  return id;
}

std::vector<ir::ValueId> Patch::add_node_of_outputs(ir::Node node) {
  std::size_t present = 0;
  for (ir::ValueId& output : node.outputs) {
    if (output == ir::kNoValue) continue;
    output = next_id() - static_cast<ir::ValueId>(present++);
  }
  added_.push_back({false, nodes_.size(), ir::kNoNode, present});
  id_count_ += present;
  nodes_.push_back(std::move(node));
  return nodes_.back().outputs;
}

void Patch::replace_uses(ir::ValueId from, ir::ValueId to) { uses_.push_back({from, to}); }

void Patch::set_input(ir::NodeId node, std::size_t slot, ir::ValueId value) {
  inputs_.push_back({node, slot, value});
}

}  // namespace lathe::passes
