// Convolutional parts of a graph in strips of rows, for images whose values between layers would
// not fit memory whole.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "ir/graph.h"

namespace lathe::passes {

// Rewrites a graph that has been through the passes and whose extents are all known: parts of
// consecutive convolutions, poolings and elementwise operators on [N, C, H, W] are computed one
// strip of about `rows` rows after the other, strips of what they read cut out and strips of what
// they make put together. Each strip computes again the rows at its ends that its neighbours'
// windows share with it. Parts end where the values that stay whole are smallest. Every element
// is the same sum, which kernels may add up in another order. The graph is the same where no part
// gains by it.
Result<ir::Graph> tile_rows(ir::Graph graph, std::int64_t rows);

}  // namespace lathe::passes
