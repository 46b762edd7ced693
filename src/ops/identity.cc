#include "ops/op_def.h"

namespace lathe::ops {
namespace {

// Of values of any kind.
Result<Types> infer_identity(const InferContext& context) { return Types{context.input_type(0)}; }

Result<Values> evaluate_identity(const EvaluateContext& context) {
  return Values{context.values[0]};
}

}  // namespace

OpDef define_Identity() {
  return {.name = "Identity",
          .infer = infer_identity,
          .evaluate = evaluate_identity,
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
