// What nodes with graphs inside know of a value that several graphs, or several runs of one, make.
#pragma once

#include <optional>

#include "ir/type.h"

namespace lathe::ops {

// What both have in common: the element type always, a rank or an extent only where it is the same
// in both; an extent that differs depends on values. Nothing where the types contradict each other.
std::optional<ir::Type> common_type(const ir::Type& a, const ir::Type& b);

// The same with all extents and ranks left open, also of what a container holds.
ir::Type without_shapes(const ir::Type& type);

}  // namespace lathe::ops
