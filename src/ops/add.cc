#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_add(const EvaluateContext& context) {
  return evaluate_binary(
      context, [](auto a, auto b) { return wrapping(a, b, [](auto x, auto y) { return x + y; }); });
}

}  // namespace

OpDef define_Add() {
  return {.name = "Add",
          .infer = infer_binary,
          .evaluate = evaluate_add,
          .traits = {.binary_elementwise = true},
          .symbolic = symbolic_sum};
}

}  // namespace lathe::ops
