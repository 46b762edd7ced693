// QLinearAdd and QLinearMul of the contributed operators of ONNX Runtime.
#include "ir/domains.h"
#include "ops/elementwise.h"
#include "ops/quantized.h"

namespace lathe::ops {
namespace {

// Inputs: A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point. Each step in
// float32, then rounded:
//
//   QLinearAdd:  (a - a_zero) * (a_scale / c_scale) + (b - b_zero) * (b_scale / c_scale)
//   QLinearMul:  float32((a - a_zero) * (b - b_zero)) * ((a_scale * b_scale) / c_scale)
Result<Types> infer_qlinear_binary(const InferContext& context) {
  const auto& a = context.input(0).shape;
  const auto& b = context.input(3).shape;
  ir::TensorType type{context.input(context.has_input(7) ? 7 : 0).data_type, std::nullopt};
  if (a && b) {
    ASSIGN_OR_RETURN(type.shape, broadcast_shapes(*a, *b));
  }
  return std::vector{std::move(type)};
}

// combine(a, b): the float32 that is rounded, of differences from zero points.
template <typename Combine>
Result<Values> evaluate_qlinear_binary(const EvaluateContext& context, Combine combine) {
  const std::int32_t a_zero = scalar_parameters(context, 1).zero_point;
  const std::int32_t b_zero = scalar_parameters(context, 4).zero_point;
  const std::int32_t c_zero = scalar_parameters(context, 6).zero_point;
  const ir::DataType type = context.output_types[0].data_type;
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(type, require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const std::vector<std::int32_t> a = widen(context.inputs[0]);
  const std::vector<std::int32_t> b = widen(context.inputs[3]);
  const Dims a_strides = broadcast_strides(context.inputs[0].dims(), y.dims());
  const Dims b_strides = broadcast_strides(context.inputs[3].dims(), y.dims());
  const QuantizedRange range = quantized_range(type);
  Dims index(y.rank(), 0);
  for (std::byte& out : y.mutable_bytes()) {
    std::int64_t i = 0;
    std::int64_t j = 0;
    for (std::size_t d = 0; d < index.size(); ++d) {
      i += index[d] * a_strides[d];
      j += index[d] * b_strides[d];
    }
    const float value =
        combine(a[static_cast<std::size_t>(i)] - a_zero, b[static_cast<std::size_t>(j)] - b_zero);
    out = static_cast<std::byte>(round_to_quantized(value, c_zero, range));
    next_index(index, y.dims());
  }
  return std::vector{std::move(y)};
}

Result<Values> evaluate_qlinear_add(const EvaluateContext& context) {
  const float c_scale = scalar_parameters(context, 6).scale;
  const float a_factor = scalar_parameters(context, 1).scale / c_scale;
  const float b_factor = scalar_parameters(context, 4).scale / c_scale;
  return evaluate_qlinear_binary(context, [&](std::int32_t a, std::int32_t b) {
    const float left = static_cast<float>(a) * a_factor;
    const float right = static_cast<float>(b) * b_factor;
    return left + right;
  });
}

Result<Values> evaluate_qlinear_mul(const EvaluateContext& context) {
  const float factor = requantize_multiplier(scalar_parameters(context, 1).scale,
                                             scalar_parameters(context, 4).scale,
                                             scalar_parameters(context, 6).scale);
  return evaluate_qlinear_binary(
      context, [&](std::int32_t a, std::int32_t b) { return static_cast<float>(a * b) * factor; });
}

OpDef qlinear_binary(std::string_view name, EvaluateFn evaluate) {
  return {.name = name,
          .domain = ir::kMicrosoftDomain,
          .infer = infer_qlinear_binary,
          .evaluate = evaluate,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement},
                             {4, OperandShape::Rule::kOneElement},
                             {5, OperandShape::Rule::kOneElement},
                             {6, OperandShape::Rule::kOneElement},
                             {7, OperandShape::Rule::kOneElement}}};
}

}  // namespace

OpDef define_QLinearAdd() { return qlinear_binary("QLinearAdd", evaluate_qlinear_add); }
OpDef define_QLinearMul() { return qlinear_binary("QLinearMul", evaluate_qlinear_mul); }

}  // namespace lathe::ops
