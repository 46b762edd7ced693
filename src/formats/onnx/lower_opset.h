// Brings a canonical graph to an older opset of the default domain, for others to read: the way
// back of upgrades.h.
#pragma once

#include "ir/graph.h"

namespace lathe::formats {

// Nodes of the same meaning at `opset` (kOldestOpset to ir::kCanonicalOpset), as the signatures
// tell: an input that was an attribute becomes that attribute, which takes a constant; a default
// that was another is written down; what came later has to have its default. The result is no
// canonical graph: it is there to be written. An error names the first node that the opset cannot
// say.
Result<ir::Graph> lower_opset(const ir::Graph& graph, int opset);

// The oldest opset from `least` on that can say the graph, and the graph there.
struct AtOpset {
  ir::Graph graph;
  int opset = 0;
};
Result<AtOpset> oldest_opset(const ir::Graph& graph, int least);

}  // namespace lathe::formats
