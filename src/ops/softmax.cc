#include "ops/softmax_rows.h"

namespace lathe::ops {

OpDef define_Softmax() {
  return {
      .name = "Softmax", .infer = infer_softmax, .evaluate = [](const EvaluateContext& context) {
        return evaluate_softmax(context, false);
      }};
}

}  // namespace lathe::ops
