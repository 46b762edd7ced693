// Softmax and LogSoftmax along one axis.
#pragma once

#include "ops/op_def.h"

namespace lathe::ops {

Result<Types> infer_softmax(const InferContext& context);
// Of float32 or float64.
Result<ir::Tensor> softmax_along(const ir::Tensor& x, std::size_t axis, bool logarithm);
Result<Values> evaluate_softmax(const EvaluateContext& context, bool logarithm);

}  // namespace lathe::ops
