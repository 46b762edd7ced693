// BitwiseAnd, BitwiseNot, BitwiseOr, BitwiseXor.
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// `Function` has no state; its operands are unsigned.
template <typename Function>
OpDef bitwise_operator(std::string_view name, Function) {
  return {.name = name,
          .infer = infer_binary,
          .evaluate = [](const EvaluateContext& context) -> Result<Values> {
            return evaluate_binary(context, [](auto a, auto b) {
              if constexpr (std::is_integral_v<decltype(a)>) return wrapping(a, b, Function{});
              return a;  // the signature takes no floating point
            });
          },
          .traits = {.binary_elementwise = true}};
}

Result<Values> evaluate_bitwise_not(const EvaluateContext& context) {
  return evaluate_unary(context.inputs[0], [](auto x) {
    if constexpr (std::is_integral_v<decltype(x)>) return static_cast<decltype(x)>(~x);
    return x;
  });
}

}  // namespace

OpDef define_BitwiseAnd() {
  return bitwise_operator("BitwiseAnd", [](auto a, auto b) { return a & b; });
}

OpDef define_BitwiseNot() {
  return {.name = "BitwiseNot",
          .infer = infer_like_input,
          .evaluate = evaluate_bitwise_not,
          .traits = {.unary_elementwise = true}};
}

OpDef define_BitwiseOr() {
  return bitwise_operator("BitwiseOr", [](auto a, auto b) { return a | b; });
}

OpDef define_BitwiseXor() {
  return bitwise_operator("BitwiseXor", [](auto a, auto b) { return a ^ b; });
}

}  // namespace lathe::ops
