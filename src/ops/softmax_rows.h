// Softmax and LogSoftmax along one axis.
#pragma once

#include "ops/op_def.h"

namespace lathe::ops {

Result<std::vector<ir::TensorType>> infer_softmax(const InferContext& context);
Result<std::vector<ir::Tensor>> evaluate_softmax(const EvaluateContext& context, bool logarithm);

}  // namespace lathe::ops
