// Element types that attributes choose for an output (dtype, output_datatype).
#pragma once

#include <string_view>

#include "ops/op_def.h"

namespace lathe::ops {

// The type that an attribute names, `otherwise` where it is neither given nor has a default.
// Refuses one that the signature does not allow for output 0.
Result<ir::DataType> output_type(const InferContext& context, std::string_view attribute,
                                 ir::DataType otherwise = ir::DataType::kUndefined);

}  // namespace lathe::ops
