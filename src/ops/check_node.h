// The one check that every node passes before anything else looks at it.
#pragma once

#include "ops/op_def.h"

namespace lathe::ops {

// The node against a signature: the number of inputs and outputs, those that must not be absent,
// their types where they are known, equal types where the signature gives operands one variable,
// unknown, missing and mistyped attributes. An error names operand or attribute, not the node.
Status check_signature(const ir::Graph& graph, const ir::Node& node, const Signature& signature);

// The same with the operator's signature at the canonical opset, and its rules for operands'
// shapes.
Status check_node(const ir::Graph& graph, const ir::Node& node, const OpDef& op);

}  // namespace lathe::ops
