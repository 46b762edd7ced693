#include "ops/linear_quantization.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::TensorType>> infer_dequantize_linear(const InferContext& context) {
  if (!ir::is_integer(context.input(0).data_type)) {
    return invalid_data("input is {}, expected an integer type",
                        ir::data_type_name(context.input(0).data_type));
  }
  if (!ir::is_floating_point(context.input(1).data_type))
    return invalid_data("scale is not floating point");
  RETURN_IF_ERROR(check_linear_quantization(context));
  return std::vector{ir::TensorType{context.input(1).data_type, context.input(0).shape}};
}

// y = (x - zero_point) * scale, in float32 (float64 where the scale is).
Result<std::vector<ir::Tensor>> evaluate_dequantize_linear(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& scale = context.inputs[1];
  ir::Tensor y = ir::Tensor::zeros(scale.data_type(), x.dims());
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
          .min_inputs = 2,
          .max_inputs = 3,
          .attributes = {{"axis", AttributeKind::kInt}, {"block_size", AttributeKind::kInt}},
          .infer = infer_dequantize_linear,
          .evaluate = evaluate_dequantize_linear};
}

}  // namespace lathe::ops
