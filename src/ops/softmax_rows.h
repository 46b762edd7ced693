// Softmax and LogSoftmax along one axis.
#pragma once

#include "ops/op_def.h"

namespace lathe::ops {

Result<Types> infer_softmax(const InferContext& context);
Result<Values> evaluate_softmax(const EvaluateContext& context, bool logarithm);

}  // namespace lathe::ops
