// Which axes a Reduce* reduces.
#pragma once

#include "ops/shape_math.h"

namespace lathe::ops {

// By axis: those given, or all where none are given and noop_with_empty_axes is 0.
Result<std::vector<bool>> reduced_axes(const ir::Node& node, const Dims& axes, std::size_t rank);

}  // namespace lathe::ops
