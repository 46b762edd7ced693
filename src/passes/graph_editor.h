// Applies patches to a graph.
#pragma once

#include <vector>

#include "base/result.h"
#include "passes/patch.h"

namespace lathe::passes {

// Keeps the graph free of nodes that nothing needs, gives new values their types, and says which
// nodes a patch may have given something to do. A patch costs what it touches.
class GraphEditor {
 public:
  explicit GraphEditor(ir::Graph& graph) : graph_(graph) {}

  [[nodiscard]] const ir::Graph& graph() const { return graph_; }

  // The nodes that were added or that read or make something else now, in the order of their ids,
  // without those that are gone. New nodes stand where `root` does. An error, which names the new
  // node, is a fault of the rule.
  Result<std::vector<ir::NodeId>> apply(Patch patch, ir::NodeId root);

 private:
  Status infer(ir::NodeId id);
  // Removes the maker of a value that nothing reads, then the makers of what it read.
  void sweep(ir::ValueId id, std::vector<ir::NodeId>& touched);

  ir::Graph& graph_;
};

}  // namespace lathe::passes
