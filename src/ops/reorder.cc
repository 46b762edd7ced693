#include "ir/layout.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

// The same tensor with its axes in another order in memory, which `layout` names: for the engine,
// which puts such nodes where two kernels differ. To evaluation, where all is channels-first, it is
// the identity.
Result<Types> infer_reorder(const InferContext& context) {
  const std::string& layout = context.attributes().get_string("layout");
  if (!ir::parse_layout(layout)) return invalid_data("layout '{}' is unknown", layout);
  return Types{context.input_type(0)};
}

Result<Values> evaluate_reorder(const EvaluateContext& context) {
  return Values{context.values[0]};
}

}  // namespace

OpDef define_Reorder() {
  return {.name = "Reorder",
          .domain = ir::kLatheDomain,
          .infer = infer_reorder,
          .evaluate = evaluate_reorder,
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
