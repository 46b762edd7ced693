// Graphs inside nodes, brought into the graph around them.
#pragma once

#include <span>
#include <vector>

#include "passes/rule.h"

namespace lathe::passes {

// Adds the nodes of `body` to the patch, with these values for its inputs and captures, and gives
// the values that its outputs become.
Result<std::vector<ir::ValueId>> inline_graph(Patch& patch, const ir::Graph& body,
                                              std::span<const ir::ValueId> inputs,
                                              std::span<const ir::ValueId> captures);

// Every reader of `from` reads `to`, which may be an input or a constant, or have a name to keep.
void replace_output(Patch& patch, const ir::Graph& graph, ir::ValueId from, ir::ValueId to);

}  // namespace lathe::passes
