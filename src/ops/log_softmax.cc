#include "ops/softmax_rows.h"

namespace lathe::ops {

OpDef define_LogSoftmax() {
  return {
      .name = "LogSoftmax", .infer = infer_softmax, .evaluate = [](const EvaluateContext& context) {
        return evaluate_softmax(context, true);
      }};
}

}  // namespace lathe::ops
