// Which elements a Slice takes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ops/shape_math.h"

namespace lathe::ops {

// The operands of a Slice behind the first. Axes and steps may be absent.
struct SliceOperands {
  Dims starts;
  Dims ends;
  std::optional<Dims> axes;
  std::optional<Dims> steps;
};

// Of one axis: from the first every step-th. A step is no longer than the axis.
struct SlicedAxis {
  std::int64_t first = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
};

// By axis of a tensor of these extents.
Result<std::vector<SlicedAxis>> resolve_slice(const SliceOperands& operands,
                                              std::span<const std::int64_t> dims);

}  // namespace lathe::ops
