// Brings a graph as a file has it to the one form that Lathe knows.
#pragma once

#include "formats/onnx/opsets.h"
#include "ir/graph.h"

namespace lathe::formats {

// Makes graph constants of Constant nodes, checks every node against the signature of its operator
// at the file's opset, upgrades it to the canonical one, infers all types, and drops what no output
// needs; graphs inside nodes too. All operators are known. Errors name the node.
Status canonicalize(ir::Graph& graph, const Opsets& opsets);

}  // namespace lathe::formats
