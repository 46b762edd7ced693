// Operators whose axes are their second input since opset 13 or 18: Squeeze, Unsqueeze, Reduce*.
#pragma once

#include "ops/op_def.h"

namespace lathe::ops {

// The axes as numbers; empty where the input is absent, an error where it is not a constant. Type
// and rank are for the signature and OpDef::operand_shapes to check.
Result<std::vector<std::int64_t>> constant_axes(const InferContext& context, std::size_t input);

}  // namespace lathe::ops
