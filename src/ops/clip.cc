#include <limits>

#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_clip(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ir::Tensor y = ir::Tensor::zeros(x.data_type(), x.dims());
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    const T low =
        context.has_input(1) ? context.inputs[1].data<T>()[0] : std::numeric_limits<T>::lowest();
    const T high =
        context.has_input(2) ? context.inputs[2].data<T>()[0] : std::numeric_limits<T>::max();
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    // As the specification puts it: Min(max, Max(input, min)), also where min exceeds max.
    for (std::size_t i = 0; i < in.size(); ++i) {
      const T raised = in[i] < low ? low : in[i];
      out[i] = raised > high ? high : raised;
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Clip() {
  return {.name = "Clip",
          .infer = infer_like_input,
          .evaluate = evaluate_clip,
          .traits = {.unary_elementwise = true},
          .operand_shapes = {{1, OperandShape::Rule::kScalar}, {2, OperandShape::Rule::kScalar}}};
}

}  // namespace lathe::ops
