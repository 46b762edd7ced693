#include "ops/linear_quantization.h"

namespace lathe::ops {
namespace {

Result<Types> infer_dequantize_linear(const InferContext& context) {
  RETURN_IF_ERROR(check_linear_quantization(context));
  ir::DataType type = context.input(1).data_type;
  if (context.attributes().get_int("output_dtype") != 0) {
    ASSIGN_OR_RETURN(type, element_type_attribute(context.attributes(), "output_dtype"));
  }
  if (!ir::is_floating_point(type) || type == ir::DataType::kFloat64) {
    return invalid_data("the output is {}, expected float32, float16 or bfloat16",
                        ir::data_type_name(type));
  }
  return std::vector{ir::TensorType{type, context.input(0).shape}};
}

// y = (x - zero_point) * scale, the product in float32.
Result<Values> evaluate_dequantize_linear(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& scale = context.inputs[1];
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32, x.dims()));
  const ScaleIndex index(context.node, x, scale);
  auto out = y.mutable_data<float>();
  for (std::int64_t i = 0; i < x.num_elements(); ++i) {
    const std::int64_t s = index(i);
    const double zero = context.has_input(2) ? context.inputs[2].get_double(s) : 0;
    out[static_cast<std::size_t>(i)] =
        static_cast<float>(x.get_double(i) - zero) * static_cast<float>(scale.get_double(s));
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_DequantizeLinear() {
  return {.name = "DequantizeLinear",
          .infer = infer_dequantize_linear,
          .evaluate = evaluate_dequantize_linear};
}

}  // namespace lathe::ops
