// Which nodes and graphs hold 8-bit values.
#pragma once

#include "ir/graph.h"

namespace lathe::ir {

// Whether the operator makes, takes or holds 8-bit values: by its name, as ONNX, ONNX Runtime and
// Lathe call those, so also where Lathe does not know it.
bool is_quantized(const Node& node);

// Whether a node of the graph is; nodes in subgraphs do not count.
bool is_quantized(const Graph& graph);

}  // namespace lathe::ir
