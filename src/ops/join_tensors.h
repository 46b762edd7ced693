// Tensors put behind each other.
#pragma once

#include <span>

#include "ir/tensor.h"

namespace lathe::ops {

// At least one tensor, all of one element type. Refuses those whose extents differ beside `axis`,
// which is one of the first.
Result<ir::Tensor> join_tensors(std::span<const ir::Tensor> parts, std::size_t axis);

}  // namespace lathe::ops
