#include "ops/common_type.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

constexpr std::string_view kBranches[] = {"then_branch", "else_branch"};

Result<Types> infer_if(const InferContext& context) {
  Types types;
  const ir::Tensor* condition = context.constant(0);
  for (const std::string_view branch : kBranches) {
    const bool is_taken =
        condition == nullptr || branch == kBranches[condition->get_int64(0) != 0 ? 0 : 1];
    const auto inferred = context.infer_subgraph(branch, {});
    // What is never run may be wrong for these shapes, and says nothing of the outputs.
    if (!is_taken) continue;
    if (!inferred.ok()) return inferred.error();
    const Types& outputs = *inferred;
    if (outputs.size() != context.node().outputs.size()) {
      return invalid_data("{} has {} outputs, the node has {}", branch, outputs.size(),
                          context.node().outputs.size());
    }
    if (types.empty()) types.resize(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto common = common_type(types[i], outputs[i]);
      if (!common) {
        return invalid_data("output {} is {} in then_branch, and {} in else_branch", i,
                            types[i].to_string(), outputs[i].to_string());
      }
      types[i] = *common;
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
