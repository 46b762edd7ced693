#include "ops/convolution.h"
#include "ops/quantized.h"

namespace lathe::ops {
namespace {

Result<Types> infer_conv_integer(const InferContext& context) {
  ASSIGN_OR_RETURN(const auto types,
                   infer_convolution(context.node(), context.input(0), context.input(1)));
  if (!types) return std::vector{ir::TensorType{ir::DataType::kInt32, std::nullopt}};
  RETURN_IF_ERROR(require_per_channel(context, 3, types->output[1]));
  return std::vector{ir::TensorType{ir::DataType::kInt32, types->output}};
}

// What lies outside the input counts as its zero point.
Result<Values> evaluate_conv_integer(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& w = context.inputs[1];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(ir::DataType::kInt32, require_dims(context.output_types[0])));
  ASSIGN_OR_RETURN(const auto types, infer_convolution(context.node, x.type(), w.type()));
  const std::vector<std::int32_t> in = widen(x);
  const std::vector<std::int32_t> weights = widen(w);
  const auto zeros = [&](std::size_t input) {
    return context.has_input(input) ? widen(context.inputs[input]) : std::vector<std::int32_t>{0};
  };
  const std::int32_t x_zero = zeros(2)[0];
  const std::vector<std::int32_t> w_zeros = zeros(3);
  const auto out = y.mutable_data<std::int32_t>();
  std::uint32_t sum = 0;  // int32 arithmetic that may wrap
  std::int32_t w_zero = 0;
  for_each_product(
      context.node, x.dims(), w.dims(), y.dims(), types->window,
      [&](std::int64_t channel) {
        sum = 0;
        w_zero = w_zeros[w_zeros.size() == 1 ? 0 : static_cast<std::size_t>(channel)];
      },
      [&](std::size_t i, std::size_t k) {
        sum += static_cast<std::uint32_t>((in[i] - x_zero) * (weights[k] - w_zero));
      },
      [&](std::size_t o, std::size_t) { out[o] = static_cast<std::int32_t>(sum); });
  return std::vector{std::move(y)};
}

std::optional<std::int64_t> macs_conv_integer(const ir::Node&,
                                              std::span<const ir::TensorType> inputs,
                                              std::span<const ir::TensorType> outputs) {
  return convolution_macs(inputs[1], outputs[0]);
}

}  // namespace

OpDef define_ConvInteger() {
  return {.name = "ConvInteger",
          .infer = infer_conv_integer,
          .evaluate = evaluate_conv_integer,
          .macs = macs_conv_integer,
          .operand_shapes = {{2, OperandShape::Rule::kOneElement},
                             {3, OperandShape::Rule::kScalarOrVector}}};
}

}  // namespace lathe::ops
