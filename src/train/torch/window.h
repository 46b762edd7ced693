// Windows of convolutions and pools, as LibTorch wants them.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/window.h"
#include "train/torch/op.h"

namespace lathe::train {

// The window of a node over x [N, C, spatial...], with automatic padding resolved.
Result<ops::Window> window_of(const ir::Node& node, const at::Tensor& x, const ops::Dims& kernel);

bool has_equal_pads(const ops::Window& window);

// x padded by explicit amounts in front of and behind each spatial axis.
at::Tensor pad_spatial(const at::Tensor& x, const ops::Dims& begin, const ops::Dims& end,
                       double value);

}  // namespace lathe::train
