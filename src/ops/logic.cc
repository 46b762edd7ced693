// And, Not, Or, Xor: of truth values.
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

template <typename Function>
OpDef connective(std::string_view name, Function) {
  return {.name = name,
          .infer = infer_binary,
          .evaluate = [](const EvaluateContext& context) -> Result<Values> {
            ASSIGN_OR_RETURN(
                ir::Tensor y,
                ir::Tensor::create(ir::DataType::kBool, require_dims(context.output_types[0])));
            fill_broadcast<bool, bool, bool>(context.inputs[0], context.inputs[1], y, Function{});
            return std::vector{std::move(y)};
          },
          .traits = {.binary_elementwise = true}};
}

Result<Values> evaluate_not(const EvaluateContext& context) {
  ir::Tensor y = ir::Tensor::zeros(ir::DataType::kBool, context.inputs[0].dims());
  const auto in = context.inputs[0].data<bool>();
  auto out = y.mutable_data<bool>();
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = !in[i];
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_And() {
  return connective("And", [](bool a, bool b) { return a && b; });
}

OpDef define_Not() {
  return {.name = "Not",
          .infer = infer_like_input,
          .evaluate = evaluate_not,
          .traits = {.unary_elementwise = true}};
}

OpDef define_Or() {
  return connective("Or", [](bool a, bool b) { return a || b; });
}

OpDef define_Xor() {
  return connective("Xor", [](bool a, bool b) { return a != b; });
}

}  // namespace lathe::ops
