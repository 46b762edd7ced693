// Brings a graph as a file has it to the one form that Lathe knows.
#pragma once

#include "ir/graph.h"

namespace lathe::formats {

// Makes graph constants of Constant nodes, upgrades nodes from `opset` of the default domain to
// ir::kCanonicalOpset, checks every node and infers all types, and drops what no output needs. All
// operators have handlers. Errors name the node.
Status canonicalize(ir::Graph& graph, int opset);

}  // namespace lathe::formats
