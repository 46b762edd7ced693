// The geometry of ConvTranspose.
#pragma once

#include <optional>

#include "ops/shape_math.h"

namespace lathe::ops {

// Input element i and tap k of an axis add to output element
// i * stride + k * dilation - pad_begin, where there is one.
struct TransposedWindow {
  Dims kernel;
  Dims strides;
  Dims dilations;
  Dims pads_begin;
  ir::Shape output;  // [N, M, spatial...]
};

// Of a node with weights [C, M/group, kernel...]; checks all of its attributes. Empty where a rank
// is not known.
Result<std::optional<TransposedWindow>> resolve_transposed(const ir::Node& node,
                                                           const ir::TensorType& input,
                                                           const ir::TensorType& weights);

}  // namespace lathe::ops
