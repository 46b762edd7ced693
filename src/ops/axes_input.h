// Operands that say what shapes become: axes (Squeeze, Reduce*) and extents (Expand).
#pragma once

#include "ops/op_def.h"

namespace lathe::ops {

// The axes as numbers; empty where the input is absent, an error where it is not a constant. Type
// and rank are for the signature and OpDef::operand_shapes to check.
Result<std::vector<std::int64_t>> constant_axes(const InferContext& context, std::size_t input);

// How many elements a vector has, where that is known and it can be a list of axes or extents.
std::optional<std::size_t> short_length(const ir::TensorType& vector);

// The shape that a vector of extents stands for: as far as inference knows them, none where not
// even their number is known. An error where there are too many, or negative ones.
Result<std::optional<ir::Shape>> shape_from_input(const InferContext& context, std::size_t input);

}  // namespace lathe::ops
