// What a conversion of elements is called with. Plain, so that files compiled for one instruction
// set can include it.
#pragma once

#include <cstddef>

#include "kernels/element_type.h"
#include "kernels/vector/targets.h"

namespace lathe::kernels {

struct CastArgs {
  ElementType from;
  ElementType to;
  const void* in;
  void* out;
  std::size_t count;
};

void cast_scalar(const CastArgs& args);
#define LATHE_DECLARE(target)             \
  namespace target {                      \
  void cast_halves(const CastArgs& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels
