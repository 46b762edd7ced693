// What a conversion of elements is called with. Plain, so that files compiled for one instruction
// set can include it.
#pragma once

#include <cstddef>

#include "kernels/element_type.h"

namespace lathe::kernels {

struct CastArgs {
  ElementType from;
  ElementType to;
  const void* in;
  void* out;
  std::size_t count;
};

#define LATHE_CAST_KERNEL(isa, convert, halves) void convert(const CastArgs& args);
#include "kernels/cast/kernels.inc"
#undef LATHE_CAST_KERNEL

}  // namespace lathe::kernels
