#include "ops/convolution.h"
#include "ops/dispatch.h"

namespace lathe::ops {
namespace {

Result<Types> infer_conv(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  ASSIGN_OR_RETURN(const ir::DataType type, common_data_type(context, 0, 3));
  ASSIGN_OR_RETURN(const auto types,
                   infer_convolution(context.node(), context.input(0), context.input(1)));
  if (!types) return std::vector{ir::TensorType{type, std::nullopt}};
  if (context.has_input(2) && context.input(2).shape &&
      *context.input(2).shape != ir::Shape{types->output[1]}) {
    return invalid_data("bias has shape {}, expected [{}]", ir::to_string(*context.input(2).shape),
                        types->output[1].to_string());
  }
  return std::vector{ir::TensorType{type, types->output}};
}

Result<Values> evaluate_conv(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& w = context.inputs[1];
  ASSIGN_OR_RETURN(const auto types, infer_convolution(context.node, x.type(), w.type()));
  const Dims out_dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), out_dims));
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    const auto weights = w.data<T>();
    const auto bias = context.has_input(2) ? context.inputs[2].data<T>() : std::span<const T>{};
    auto out = y.mutable_data<T>();
    double sum = 0;
    for_each_product(
        context.node, x.dims(), w.dims(), out_dims, types->window,
        [&](std::int64_t channel) {
          sum = bias.empty() ? 0.0 : static_cast<double>(bias[static_cast<std::size_t>(channel)]);
        },
        [&](std::size_t i, std::size_t k) {
          sum += static_cast<double>(in[i]) * static_cast<double>(weights[k]);
        },
        [&](std::size_t o, std::size_t) { out[o] = static_cast<T>(sum); });
  });
  return std::vector{std::move(y)};
}

std::optional<std::int64_t> macs_conv(const ir::Node&, std::span<const ir::TensorType> inputs,
                                      std::span<const ir::TensorType> outputs) {
  return convolution_macs(inputs[1], outputs[0]);
}

}  // namespace

OpDef define_Conv() {
  return {.name = "Conv",
          .infer = infer_conv,
          .evaluate = evaluate_conv,
          .macs = macs_conv,
          .operand_shapes = {{2, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
