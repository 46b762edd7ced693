// QLinearConv, and the same with a result of float32.
#include "ir/domains.h"
#include "ops/convolution.h"
#include "ops/quantized.h"

namespace lathe::ops {
namespace {

// Of inputs x, x_scale, x_zero_point, w, w_scale, w_zero_point, and the bias in slot `bias`.
Result<Types> infer_integer_convolution(const InferContext& context, ir::DataType type,
                                        std::size_t bias) {
  for (const std::size_t i : {0, 3}) RETURN_IF_ERROR(require_8_bit(context, i));
  ASSIGN_OR_RETURN(const auto types,
                   infer_convolution(context.node(), context.input(0), context.input(3)));
  if (!types) return std::vector{ir::TensorType{type, std::nullopt}};
  const ir::Dim channels = types->output[1];
  for (const std::size_t i : {4, 5}) RETURN_IF_ERROR(require_per_channel(context, i, channels));
  if (context.has_input(bias) && context.input(bias).shape &&
      *context.input(bias).shape != ir::Shape{channels}) {
    return invalid_data("bias has shape {}, expected [{}]",
                        ir::to_string(*context.input(bias).shape), channels.to_string());
  }
  return std::vector{ir::TensorType{type, types->output}};
}

// Calls finish(element of the output, its int32 sum, x_scale, scale of its weights).
template <typename Finish>
Status convolve_integers(const EvaluateContext& context, std::size_t bias_slot, Finish finish) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& w = context.inputs[3];
  const auto [x_scale, x_zero] = scalar_parameters(context, 1);
  const std::vector<float> w_scales = context.inputs[4].to_floats();
  const std::vector<std::int32_t> w_zeros = widen(context.inputs[5]);
  ASSIGN_OR_RETURN(const auto types, infer_convolution(context.node, x.type(), w.type()));
  const Dims out_dims = require_dims(context.output_types[0]);
  const std::vector<std::int32_t> in = widen(x);
  const std::vector<std::int32_t> weights = widen(w);
  const std::vector<std::int32_t> bias =
      context.has_input(bias_slot) ? widen(context.inputs[bias_slot]) : std::vector<std::int32_t>{};
  const auto per_channel = [](const auto& values, std::size_t m) {
    return values.size() == 1 ? values[0] : values[m];
  };
  std::uint32_t sum = 0;  // int32 arithmetic that may wrap
  std::int32_t w_zero = 0;
  for_each_product(
      context.node, x.dims(), w.dims(), out_dims, types->window,
      [&](std::int64_t channel) {
        const auto m = static_cast<std::size_t>(channel);
        sum = bias.empty() ? 0U : static_cast<std::uint32_t>(bias[m]);
        w_zero = per_channel(w_zeros, m);
      },
      [&, x_zero = x_zero](std::size_t i, std::size_t k) {
        sum += static_cast<std::uint32_t>((in[i] - x_zero) * (weights[k] - w_zero));
      },
      [&, x_scale = x_scale](std::size_t o, std::size_t m) {
        finish(o, static_cast<std::int32_t>(sum), x_scale, per_channel(w_scales, m));
      });
  return {};
}

// Inputs: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B.
Result<Types> infer_qlinear_conv(const InferContext& context) {
  RETURN_IF_ERROR(require_8_bit(context, 7));
  return infer_integer_convolution(context, context.input(7).data_type, 8);
}

Result<Values> evaluate_qlinear_conv(const EvaluateContext& context) {
  const QuantizationParameters parameters = scalar_parameters(context, 6);
  const ir::DataType type = context.output_types[0].data_type;
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(type, require_dims(context.output_types[0])));
  const QuantizedRange range = quantized_range(type);
  auto out = y.mutable_bytes();
  RETURN_IF_ERROR(convolve_integers(
      context, 8, [&](std::size_t o, std::int32_t sum, float x_scale, float w_scale) {
        const float multiplier = requantize_multiplier(x_scale, w_scale, parameters.scale);
        out[o] = static_cast<std::byte>(requantize(sum, multiplier, parameters.zero_point, range));
      }));
  return std::vector{std::move(y)};
}

// Inputs: x, x_scale, x_zero_point, w, w_scale, w_zero_point, B. The result is not rounded to 8
// bits: float32(sum) * float32(x_scale * w_scale).
Result<Types> infer_q_conv(const InferContext& context) {
  return infer_integer_convolution(context, ir::DataType::kFloat32, 6);
}

Result<Values> evaluate_q_conv(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    require_dims(context.output_types[0])));
  auto out = y.mutable_data<float>();
  RETURN_IF_ERROR(convolve_integers(
      context, 6, [&](std::size_t o, std::int32_t sum, float x_scale, float w_scale) {
        out[o] = static_cast<float>(sum) * (x_scale * w_scale);
      }));
  return std::vector{std::move(y)};
}

std::optional<std::int64_t> macs_qlinear_conv(const ir::Node&,
                                              std::span<const ir::TensorType> inputs,
                                              std::span<const ir::TensorType> outputs) {
  return convolution_macs(inputs[3], outputs[0]);
}

}  // namespace

OpDef define_QLinearConv() {
  return {.name = "QLinearConv",
          .infer = infer_qlinear_conv,
          .evaluate = evaluate_qlinear_conv,
          .macs = macs_qlinear_conv,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement},
                             {4, OperandShape::Rule::kScalarOrVector},
                             {5, OperandShape::Rule::kScalarOrVector},
                             {6, OperandShape::Rule::kOneElement},
                             {7, OperandShape::Rule::kOneElement},
                             {8, OperandShape::Rule::kVector}}};
}

OpDef define_QConv() {
  return {.name = "QConv",
          .domain = ir::kLatheDomain,
          .infer = infer_q_conv,
          .evaluate = evaluate_q_conv,
          .macs = macs_qlinear_conv,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement},
                             {4, OperandShape::Rule::kScalarOrVector},
                             {5, OperandShape::Rule::kScalarOrVector},
                             {6, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
