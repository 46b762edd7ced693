#include <cmath>

#include "ops/linear_quantization.h"
#include "ops/requantize.h"

namespace lathe::ops {
namespace {

Result<Types> infer_quantize_linear(const InferContext& context) {
  if (!ir::is_floating_point(context.input(0).data_type) &&
      context.input(0).data_type != ir::DataType::kInt32) {
    return unsupported("input is {}, expected floating point or int32",
                       ir::data_type_name(context.input(0).data_type));
  }
  RETURN_IF_ERROR(check_linear_quantization(context));
  const auto precision = static_cast<ir::DataType>(context.attributes().get_int("precision"));
  if (precision != ir::DataType::kUndefined && precision != ir::DataType::kFloat32)
    return unsupported("precision is not float32");
  auto type = static_cast<ir::DataType>(context.attributes().get_int("output_dtype"));
  if (context.has_input(2)) {
    const ir::DataType zero = context.input(2).data_type;
    if (type != ir::DataType::kUndefined && type != zero)
      return invalid_data("output_dtype is not {}, as the zero point is", ir::data_type_name(zero));
    type = zero;
  }
  if (type == ir::DataType::kUndefined) type = ir::DataType::kUint8;
  if (!ir::is_integer(type) || ir::bits_per_element(type) > 16) {
    return unsupported("quantization to {}", ir::data_type_name(type));
  }
  return std::vector{ir::TensorType{type, context.input(0).shape}};
}

struct Bounds {
  double low;
  double high;
};

Bounds bounds(ir::DataType type) {
  const int bits = ir::bits_per_element(type);
  if (ir::is_signed_integer(type))
    return {-std::ldexp(1.0, bits - 1), std::ldexp(1.0, bits - 1) - 1};
  return {0, std::ldexp(1.0, bits) - 1};
}

// y = saturate(round_half_even(x / scale) + zero_point), the division in float32.
Result<Values> evaluate_quantize_linear(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& scale = context.inputs[1];
  const ir::DataType type = context.output_types[0].data_type;
  ir::Tensor y = ir::Tensor::zeros(type, x.dims());
  const ScaleIndex index(context.node, x, scale);
  const Bounds range = bounds(type);
  for (std::int64_t i = 0; i < x.num_elements(); ++i) {
    const std::int64_t s = index(i);
    const float quotient =
        static_cast<float>(x.get_double(i)) / static_cast<float>(scale.get_double(s));
    const double zero =
        context.has_input(2) ? static_cast<double>(context.inputs[2].get_int64(s)) : 0.0;
    const double rounded =
        std::isnan(quotient) ? 0.0 : std::nearbyint(static_cast<double>(quotient));
    y.set_double(i, std::clamp(rounded + zero, range.low, range.high));
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_QuantizeLinear() {
  return {.name = "QuantizeLinear",
          .infer = infer_quantize_linear,
          .evaluate = evaluate_quantize_linear};
}

}  // namespace lathe::ops
