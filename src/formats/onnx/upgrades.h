// Brings a node of an older opset to the canonical one.
//
// The two signatures tell most of it: an attribute that has become an input of the same name
// becomes that input, a default that has changed is written down, an attribute that is gone has to
// have had its default. Code is needed only where the meaning has changed: one function in
// upgrade_name.cc, and its line in upgrades.inc, which runs before the signatures are compared.
#pragma once

#include "formats/onnx/node_upgrade.h"
#include "ops/signature.h"

namespace lathe::formats {

// The node fits `old`, its operator's signature at the file's opset; what it leaves behind has the
// same meaning at the canonical one. Errors do not name the node.
Status upgrade_node(NodeUpgrade& upgrade, const ops::Signature& old);

// The name that an operator of the default domain has today: Upsample has become Resize.
std::string_view current_name(std::string_view op_type);

#define LATHE_UPGRADE(op_type, before, function) Status function(NodeUpgrade& upgrade);
#include "formats/onnx/upgrades.inc"
#undef LATHE_UPGRADE

}  // namespace lathe::formats
