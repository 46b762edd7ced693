#include "ops/op_def.h"

namespace lathe::ops {
namespace {

constexpr std::string_view kBranches[] = {"then_branch", "else_branch"};

// What both branches agree on: the element type always, an extent or a rank only where it is the
// same in both.
Result<ir::Type> common_type(const ir::Type& a, const ir::Type& b, std::size_t output) {
  if (!a.known()) return b;
  if (!b.known() || a == b) return a;
  const bool alike = a.is_tensor() && b.is_tensor() && a.tensor().data_type == b.tensor().data_type;
  if (!alike) {
    return invalid_data("output {} is {} in then_branch, and {} in else_branch", output,
                        a.to_string(), b.to_string());
  }
  ir::TensorType common{a.tensor().data_type, std::nullopt};
  const std::optional<ir::Shape>& x = a.tensor().shape;
  const std::optional<ir::Shape>& y = b.tensor().shape;
  if (x && y && x->size() == y->size()) {
    common.shape = *x;
    for (std::size_t i = 0; i < x->size(); ++i) {
      if ((*x)[i] != (*y)[i]) (*common.shape)[i] = ir::Dim(ir::SymInt::data_dependent());
    }
  }
  return ir::Type(std::move(common));
}

Result<Types> infer_if(const InferContext& context) {
  Types types;
  for (const std::string_view branch : kBranches) {
    ASSIGN_OR_RETURN(const Types outputs, context.infer_subgraph(branch, {}));
    if (outputs.size() != context.node().outputs.size()) {
      return invalid_data("{} has {} outputs, the node has {}", branch, outputs.size(),
                          context.node().outputs.size());
    }
    if (types.empty()) types.resize(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      ASSIGN_OR_RETURN(types[i], common_type(types[i], outputs[i], i));
    }
  }
  return types;
}

Result<Values> evaluate_if(const EvaluateContext& context) {
  const bool condition = context.inputs[0].get_int64(0) != 0;
  const std::string_view branch = kBranches[condition ? 0 : 1];
  auto outputs = context.run_subgraph(branch, {});
  if (!outputs.ok()) return outputs.error().with_context(branch);
  return outputs;
}

}  // namespace

OpDef define_If() {
  return {.name = "If",
          .infer = infer_if,
          .evaluate = evaluate_if,
          .operand_shapes = {{0, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
