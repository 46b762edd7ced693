#include "ir/domains.h"
#include "ops/quantized.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// QLinearGlobalAveragePool of the contributed operators of ONNX Runtime, channels first. Inputs: X,
// x_scale, x_zero_point, y_scale, y_zero_point. The int32 sum of (x - x_zero) over the image is
// requantized with float32((x_scale / y_scale) / float32(count)).
Result<Types> infer_qlinear_global_average_pool(const InferContext& context) {
  if (context.attributes().get_bool("channels_last")) return unsupported("channels_last must be 0");
  ir::TensorType type{context.input(4).data_type, context.input(0).shape};
  if (type.shape) {
    if (type.shape->size() < 3) return invalid_data("input has no spatial axes");
    for (std::size_t i = 2; i < type.shape->size(); ++i) {
      if ((*type.shape)[i] == ir::Dim(0)) return invalid_data("spatial extent is 0");
      (*type.shape)[i] = 1;
    }
  }
  return std::vector{type};
}

Result<Values> evaluate_qlinear_global_average_pool(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const auto [x_scale, x_zero] = scalar_parameters(context, 1);
  const auto [y_scale, y_zero] = scalar_parameters(context, 3);
  const ir::DataType type = context.output_types[0].data_type;
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(type, require_dims(context.output_types[0])));
  const auto planes = static_cast<std::size_t>(y.num_elements());
  if (planes == 0) return std::vector{std::move(y)};
  const std::size_t count = static_cast<std::size_t>(x.num_elements()) / planes;
  const float multiplier = (x_scale / y_scale) / static_cast<float>(count);
  const std::vector<std::int32_t> in = widen(x);
  auto out = y.mutable_bytes();
  for (std::size_t p = 0; p < planes; ++p) {
    std::uint32_t sum = 0;  // int32 arithmetic that may wrap
    for (std::size_t i = 0; i < count; ++i)
      sum += static_cast<std::uint32_t>(in[p * count + i] - x_zero);
    out[p] = static_cast<std::byte>(
        requantize(static_cast<std::int32_t>(sum), multiplier, y_zero, quantized_range(type)));
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_QLinearGlobalAveragePool() {
  return {.name = "QLinearGlobalAveragePool",
          .domain = ir::kMicrosoftDomain,
          .infer = infer_qlinear_global_average_pool,
          .evaluate = evaluate_qlinear_global_average_pool,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement},
                             {3, OperandShape::Rule::kOneElement},
                             {4, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
