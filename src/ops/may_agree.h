// Comparing shapes of which not everything is known.
#pragma once

#include <algorithm>

#include "ir/shape.h"

namespace lathe::ops {

// Whether both may have the same extents at run time.
inline bool may_agree(const ir::Shape& a, const ir::Shape& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ir::Dim& x, const ir::Dim& y) {
    return !x.known() || !y.known() || x == y;
  });
}

}  // namespace lathe::ops
