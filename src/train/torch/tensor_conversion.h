// Between our tensors and LibTorch's.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/result.h"
#include "ir/tensor.h"

namespace lathe::train {

// A view of the same elements on the CPU, valid while `tensor` is; it must not be written to.
Result<at::Tensor> view_as_torch(const ir::Tensor& tensor);

// A copy, from any device and with any strides.
Result<ir::Tensor> copy_from_torch(const at::Tensor& tensor);

}  // namespace lathe::train
