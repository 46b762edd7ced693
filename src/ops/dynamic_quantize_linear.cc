#include <algorithm>
#include <cmath>

#include "ops/op_def.h"
#include "ops/requantize.h"

namespace lathe::ops {
namespace {

Result<Types> infer_dynamic_quantize_linear(const InferContext& context) {
  return std::vector{ir::TensorType{ir::DataType::kUint8, context.input(0).shape},
                     ir::TensorType{ir::DataType::kFloat32, ir::Shape{}},
                     ir::TensorType{ir::DataType::kUint8, ir::Shape{}}};
}

// All in float32. What is no number has no part in the range, and becomes the zero point; a range
// of nothing but 0 has the scale 1, as ONNX Runtime has it.
Result<Values> evaluate_dynamic_quantize_linear(const EvaluateContext& context) {
  constexpr QuantizedRange kRange{0, 255};
  const auto x = context.inputs[0].data<float>();
  float low = 0;
  float high = 0;
  for (const float v : x) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  const float scale = low == high ? 1.0F : (high - low) / static_cast<float>(kRange.high);
  const float middle = -low / scale;
  const std::int32_t zero = std::isnan(middle) ? 0 : round_to_quantized(middle, 0, kRange);
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(ir::DataType::kUint8, context.inputs[0].dims()));
  auto out = y.mutable_data<std::uint8_t>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float quotient = x[i] / scale;
    out[i] = static_cast<std::uint8_t>(
        std::isnan(quotient) ? zero : round_to_quantized(quotient, zero, kRange));
  }
  return std::vector{std::move(y), ir::Tensor::scalar(scale),
                     ir::Tensor::scalar(static_cast<std::uint8_t>(zero))};
}

}  // namespace

OpDef define_DynamicQuantizeLinear() {
  return {.name = "DynamicQuantizeLinear",
          .infer = infer_dynamic_quantize_linear,
          .evaluate = evaluate_dynamic_quantize_linear};
}

}  // namespace lathe::ops
