#include "passes/patch.h"

namespace lathe::passes {

ir::ValueId Patch::add_constant(std::string name, ir::Tensor tensor) {
  const ir::ValueId id = next_id();
  added_.push_back({true, constants_.size()});
  constants_.push_back({std::move(name), std::move(tensor)});
  return id;
}

ir::ValueId Patch::add_node(ir::Node node, ir::NodeId beside) {
  LATHE_CHECK(node.outputs.empty());
  const ir::ValueId id = next_id();
  added_.push_back({false, nodes_.size(), beside});
  nodes_.push_back(std::move(node));
  return id;
}

void Patch::replace_uses(ir::ValueId from, ir::ValueId to) { uses_.push_back({from, to}); }

void Patch::set_input(ir::NodeId node, std::size_t slot, ir::ValueId value) {
  inputs_.push_back({node, slot, value});
}

}  // namespace lathe::passes
