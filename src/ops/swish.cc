// Swish and SwiGLU.
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// x * sigmoid(alpha * x).
template <typename T>
T swish(T x, float alpha) {
  return x / (T{1} + std::exp(static_cast<T>(-alpha) * x));
}

Result<Values> evaluate_swish(const EvaluateContext& context) {
  const float alpha = context.attributes().get_float("alpha");
  return evaluate_unary_float(context.inputs[0], [alpha](auto x) { return swish(x, alpha); });
}

// Nothing is broadcast: both have one shape.
Result<Types> infer_swi_glu(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  const auto& gate = context.input(0).shape;
  const auto& value = context.input(1).shape;
  ir::TensorType y{context.input(0).data_type, gate ? gate : value};
  if (!gate || !value) return std::vector{y};
  bool fits = gate->size() == value->size();
  for (std::size_t d = 0; fits && d < gate->size(); ++d) {
    ir::Dim& extent = (*y.shape)[d];
    const ir::Dim& other = (*value)[d];
    fits = !extent.known() || !other.known() || extent == other;
    if (!extent.known() && (other.known() || extent.symbolic().is_unknown())) extent = other;
  }
  if (fits) return std::vector{y};
  return invalid_data("{} has shape {}, expected {} as {}", context.place(1), ir::to_string(*value),
                      ir::to_string(*gate), context.place(0));
}

Result<Values> evaluate_swi_glu(const EvaluateContext& context) {
  const ir::Tensor& gate = context.inputs[0];
  const float alpha = context.attributes().get_float("alpha");
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(gate.data_type(), gate.dims()));
  dispatch_float(gate.data_type(), [&]<typename T>() {
    const auto a = gate.data<T>();
    const auto b = context.inputs[1].data<T>();
    auto out = y.mutable_data<T>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = swish(a[i], alpha) * b[i];
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_SwiGLU() {
  return {.name = "SwiGLU",
          .infer = infer_swi_glu,
          .evaluate = evaluate_swi_glu,
          .traits = {.binary_elementwise = true}};
}

OpDef define_Swish() {
  return {.name = "Swish",
          .infer = infer_like_float_input,
          .evaluate = evaluate_swish,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
