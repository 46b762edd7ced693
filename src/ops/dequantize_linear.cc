#include "ops/linear_quantization.h"

namespace lathe::ops {
namespace {

Result<Types> infer_dequantize_linear(const InferContext& context) {
  if (!ir::is_integer(context.input(0).data_type)) {
    return unsupported("input is {}, expected an integer type",
                       ir::data_type_name(context.input(0).data_type));
  }
  const ir::DataType scale = context.input(1).data_type;
  if (!ir::is_floating_point(scale))
    return unsupported("scale is {}, expected floating point", ir::data_type_name(scale));
  RETURN_IF_ERROR(check_linear_quantization(context));
  auto type = static_cast<ir::DataType>(context.attributes().get_int("output_dtype"));
  if (type == ir::DataType::kUndefined) type = scale;
  if (!ir::is_floating_point(type)) return unsupported("output_dtype is no floating point type");
  return std::vector{ir::TensorType{type, context.input(0).shape}};
}

// y = (x - zero_point) * scale, in float32 (float64 where the scale is).
Result<Values> evaluate_dequantize_linear(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& scale = context.inputs[1];
  ir::Tensor y = ir::Tensor::zeros(context.output_types[0].data_type, x.dims());
  const ScaleIndex index(context.node, x, scale);
  for (std::int64_t i = 0; i < x.num_elements(); ++i) {
    const std::int64_t s = index(i);
    const std::int64_t zero = context.has_input(2) ? context.inputs[2].get_int64(s) : 0;
    const std::int64_t centred = x.get_int64(i) - zero;
    if (scale.data_type() == ir::DataType::kFloat32) {
      y.set_double(i, static_cast<double>(static_cast<float>(centred) *
                                          static_cast<float>(scale.get_double(s))));
    } else {
      y.set_double(i, static_cast<double>(centred) * scale.get_double(s));
    }
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
