#include <cmath>

#include "base/numeric.h"
#include "ops/cast_elements.h"
#include "ops/linear_quantization.h"

namespace lathe::ops {
namespace {

bool is_quantized_type(ir::DataType type) {
  if (ir::is_mini_float(type)) return type != ir::DataType::kFloat8E8M0;
  return ir::is_integer(type) && ir::bits_per_element(type) <= 16;
}

// What the quotient is rounded to.
ir::DataType division_type(const Attributes& attributes, ir::DataType scale) {
  const auto stated = static_cast<ir::DataType>(attributes.get_int("precision"));
  if (stated != ir::DataType::kUndefined) return stated;
  if (scale == ir::DataType::kInt32) return ir::DataType::kFloat64;
  return scale == ir::DataType::kFloat8E8M0 ? ir::DataType::kFloat32 : scale;
}

Result<Types> infer_quantize_linear(const InferContext& context) {
  RETURN_IF_ERROR(check_linear_quantization(context));
  if (context.attributes().get_int("precision") != 0) {
    ASSIGN_OR_RETURN(const ir::DataType precision,
                     element_type_attribute(context.attributes(), "precision"));
    if (!ir::is_floating_point(precision)) {
      return invalid_data("precision is {}, expected floating point",
                          ir::data_type_name(precision));
    }
  }
  auto type = ir::DataType::kUint8;
  const bool stated = context.attributes().get_int("output_dtype") != 0;
  if (stated) {
    ASSIGN_OR_RETURN(type, element_type_attribute(context.attributes(), "output_dtype"));
  }
  if (context.has_input(2)) {
    const ir::DataType zero = context.input(2).data_type;
    if (stated && type != zero)
      return invalid_data("output_dtype is not {}, as the zero point is", ir::data_type_name(zero));
    type = zero;
  }
  if (!is_quantized_type(type)) return invalid_data("quantization to {}", ir::data_type_name(type));
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

double rounded_to(ir::DataType type, double value) {
  const auto narrow = static_cast<float>(value);
  switch (type) {
    case ir::DataType::kFloat64:
      return value;
    case ir::DataType::kFloat16:
      return static_cast<double>(float16_to_float(float_to_float16(narrow)));
    case ir::DataType::kBFloat16:
      return static_cast<double>(bfloat16_to_float(float_to_bfloat16(narrow)));
    default:
      return static_cast<double>(narrow);
  }
}

// saturate(x / scale + zero_point), where integers are those of the quotient rounded half to even.
Result<Values> evaluate_quantize_linear(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& scale = context.inputs[1];
  const ir::DataType type = context.output_types[0].data_type;
  const ir::DataType division =
      division_type(context.attributes(), context.values[1].tensor()->data_type());
  const bool to_integers = ir::is_integer(type);
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(to_integers ? type : ir::DataType::kFloat32, x.dims()));
  const ScaleIndex index(context.node, x, scale);
  const Bounds range = bounds(type);
  for (std::int64_t i = 0; i < x.num_elements(); ++i) {
    const std::int64_t s = index(i);
    const double zero = context.has_input(2) ? context.inputs[2].get_double(s) : 0.0;
    const double quotient = rounded_to(division, rounded_to(division, x.get_double(i)) /
                                                     rounded_to(division, scale.get_double(s)));
    if (to_integers) {
      const double rounded = std::isnan(quotient) ? 0.0 : std::nearbyint(quotient);
      y.set_double(i, std::clamp(rounded + zero, range.low, range.high));
    } else {
      y.set_double(i, rounded_to(division, quotient + zero));
    }
  }
  if (to_integers) return std::vector{std::move(y)};
  CastRules rules;
  rules.saturate = context.attributes().get_bool("saturate");
  ASSIGN_OR_RETURN(ir::Tensor narrow, cast_elements(y, type, rules));
  return std::vector{std::move(narrow)};
}

}  // namespace

OpDef define_QuantizeLinear() {
  return {.name = "QuantizeLinear",
          .infer = infer_quantize_linear,
          .evaluate = evaluate_quantize_linear};
}

}  // namespace lathe::ops
