// Puts conversions between channels-first and channels-last where the kernels of two nodes differ.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"
#include "ir/layout.h"

namespace lathe::passes {

// The layouts that a node's kernel reads and makes.
struct NodeLayouts {
  ir::Layout input = ir::Layout::kRowMajor;
  // The inputs that are to be in that layout; all others are to be row-major.
  std::vector<std::size_t> slots = {};
  ir::Layout output = ir::Layout::kRowMajor;  // of all outputs
};

// Chooses for a node, given the layouts by value that are decided so far: those of all that it
// reads. A kernel that takes any layout answers what its operands have.
using ChooseLayouts =
    std::function<NodeLayouts(const ir::Graph&, ir::NodeId, std::span<const ir::Layout>)>;

struct ConvertedGraph {
  ir::Graph graph;
  std::vector<ir::Layout> layouts;  // by value
};

// Follows the nodes in order and inserts a `lathe.Reorder` before an operand that is made in
// another layout than it is wanted in, once for each value and layout. Graph inputs, constants and
// graph outputs are row-major. So are values for which both layouts are the same bytes, whatever
// makes them. All extents of the graph are known.
Result<ConvertedGraph> convert_layouts(ir::Graph graph, const ChooseLayouts& choose);

}  // namespace lathe::passes
