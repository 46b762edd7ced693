// Equal, Greater, GreaterOrEqual, Less, LessOrEqual.
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Types> infer_comparison(const InferContext& context) {
  return infer_broadcast(context, ir::DataType::kBool);
}

// Only Equal takes strings.
template <typename Body>
void dispatch_comparable(ir::DataType type, Body&& body) {
  if (type == ir::DataType::kString) return body.template operator()<std::string>();
  dispatch_numeric_or_bool(type, std::forward<Body>(body));
}

template <typename Function>
OpDef comparison(std::string_view name, Function) {
  return {.name = name,
          .infer = infer_comparison,
          .evaluate = [](const EvaluateContext& context) -> Result<Values> {
            const ir::Tensor& a = context.inputs[0];
            ASSIGN_OR_RETURN(
                ir::Tensor y,
                ir::Tensor::create(ir::DataType::kBool, require_dims(context.output_types[0])));
            dispatch_comparable(a.data_type(), [&]<typename T>() {
              fill_broadcast<T, T, bool>(a, context.inputs[1], y, Function{});
            });
            return std::vector{std::move(y)};
          },
          .traits = {.binary_elementwise = true}};
}

}  // namespace

OpDef define_Equal() {
  OpDef op = comparison("Equal", [](const auto& a, const auto& b) { return a == b; });
  op.symbolic = symbolic_equality;
  return op;
}

OpDef define_Greater() {
  return comparison("Greater", [](const auto& a, const auto& b) { return a > b; });
}

OpDef define_GreaterOrEqual() {
  return comparison("GreaterOrEqual", [](const auto& a, const auto& b) { return a >= b; });
}

OpDef define_Less() {
  return comparison("Less", [](const auto& a, const auto& b) { return a < b; });
}

OpDef define_LessOrEqual() {
  return comparison("LessOrEqual", [](const auto& a, const auto& b) { return a <= b; });
}

}  // namespace lathe::ops
