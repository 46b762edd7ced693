// How Resize makes its output, axis by axis.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {

// Element i of an axis of the output is the sum of weights[i * taps + t] times the elements
// indices[i * taps + t] of the input; for mode nearest there is one tap of weight 1.
struct ResizedAxis {
  std::int64_t taps = 1;
  std::vector<std::int64_t> indices;
  std::vector<double> weights;
  bool unchanged = false;
};

// Of all axes of an input of these extents. Fails where coordinates outside of the input are not
// those of its edge (tf_crop_and_resize). `scales` or `sizes` is null.
Result<std::vector<ResizedAxis>> resized_axes(const ir::Node& node, const Dims& dims,
                                              const ir::Tensor* scales, const ir::Tensor* sizes);

}  // namespace lathe::ops
