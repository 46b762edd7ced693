// Checks every node against its operator's definition and gives every value its type.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ir/graph.h"
#include "ops/op_def.h"

namespace lathe::ops {

// In topological order: refuses unknown operators, nodes that do not fit their signature
// (check_node) and shapes that do not fit together; then sets the types of the node's outputs, in
// graphs inside nodes too. Where the graph already states a type for a value, both must agree, and
// the more exact one is kept. Errors begin with "node NAME (Op): ".
Status infer_shapes(ir::Graph& graph);

// Refuses graphs with operators that Lathe does not know, also inside nodes; the error names each
// of them once.
Status check_operators(const ir::Graph& graph);

// Gives symbolic extents of the graph's inputs a value by name ("N" -> 8); unnamed unknown ones,
// and names that are missing from the map, get `fallback`. Types of all other values are inferred
// anew.
Status bind_dimensions(ir::Graph& graph, const ir::SymbolValues& extents,
                       std::int64_t fallback = 1);

// Checks one node, whose ids belong to `graph`, and infers its outputs: the building block of the
// functions above. Errors do not say which node.
Result<Types> infer_node(const ir::Graph& graph, const ir::Node& node);

// Multiply-accumulates of one run. Nothing where an extent is not known (see bind_dimensions), or
// they are more than an int64 can count.
std::optional<std::int64_t> count_macs(const ir::Graph& graph);
std::optional<std::int64_t> count_node_macs(const ir::Graph& graph, ir::NodeId id);

}  // namespace lathe::ops
