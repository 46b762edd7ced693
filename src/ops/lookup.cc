#include "ops/op_def.h"

namespace lathe::ops {
namespace {

constexpr std::int64_t kEntries = 256;

// Y = table[X]: what any function of one 8-bit value does to it. An int8 value looks its bits up as
// uint8 would.
Result<Types> infer_lookup(const InferContext& context) {
  const ir::TensorType& table = context.input(1);
  if (table.shape && (table.shape->size() != 1 ||
                      ((*table.shape)[0].known() && (*table.shape)[0].value() != kEntries))) {
    return invalid_data("table is {}, expected {} elements", table.to_string(), kEntries);
  }
  return std::vector{ir::TensorType{table.data_type, context.input(0).shape}};
}

Result<Values> evaluate_lookup(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& table = context.inputs[1];
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(table.data_type(), x.dims()));
  const auto from = x.bytes();
  const auto entries = table.bytes();
  const auto to = y.mutable_bytes();
  for (std::size_t i = 0; i < from.size(); ++i)
    to[i] = entries[std::to_integer<std::size_t>(from[i])];
  return Values{std::vector{std::move(y)}};
}

}  // namespace

OpDef define_Lookup() {
  return {.name = "Lookup",
          .domain = ir::kLatheDomain,
          .infer = infer_lookup,
          .evaluate = evaluate_lookup,
          .traits = {.unary_elementwise = true},
          .operand_shapes = {{1, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
