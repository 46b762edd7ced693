// Pads of every axis.
#pragma once

#include "ops/shape_math.h"

namespace lathe::ops {

struct Pads {
  Dims begin;
  Dims end;
};

// From `pads` for the axes named, for all where none are.
Result<Pads> resolve_pads(const Dims& pads, const Dims& axes, std::size_t rank);

}  // namespace lathe::ops
