// IsInf and IsNaN.
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Types> infer_classification(const InferContext& context) {
  return std::vector{ir::TensorType{ir::DataType::kBool, context.input(0).shape}};
}

template <typename Predicate>
Result<Values> classify(const ir::Tensor& given, Predicate predicate) {
  const ir::Tensor x =
      ir::is_mini_float(given.data_type()) ? given.cast(ir::DataType::kFloat32) : given;
  ir::Tensor y = ir::Tensor::zeros(ir::DataType::kBool, x.dims());
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<bool>();
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = predicate(in[i]);
  });
  return std::vector{std::move(y)};
}

Result<Values> evaluate_is_nan(const EvaluateContext& context) {
  return classify(context.inputs[0], [](auto x) { return std::isnan(x); });
}

Result<Values> evaluate_is_inf(const EvaluateContext& context) {
  const bool negative = context.attributes().get_bool("detect_negative");
  const bool positive = context.attributes().get_bool("detect_positive");
  return classify(context.inputs[0],
                  [=](auto x) { return std::isinf(x) && (x < 0 ? negative : positive); });
}

}  // namespace

OpDef define_IsInf() {
  return {.name = "IsInf",
          .infer = infer_classification,
          .evaluate = evaluate_is_inf,
          .traits = {.unary_elementwise = true}};
}

OpDef define_IsNaN() {
  return {.name = "IsNaN",
          .infer = infer_classification,
          .evaluate = evaluate_is_nan,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
