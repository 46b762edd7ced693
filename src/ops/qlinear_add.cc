#include "ir/domains.h"
#include "ops/quantized.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// QLinearAdd of the contributed operators of ONNX Runtime, without broadcasting. Inputs: A,
// A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point. Each step in float32: (a
// - a_zero) * (a_scale / c_scale) + (b - b_zero) * (b_scale / c_scale), then rounded.
Result<Types> infer_qlinear_add(const InferContext& context) {
  const auto& a = context.input(0).shape;
  const auto& b = context.input(3).shape;
  if (a && b && *a != *b) {
    return unsupported("shapes {} and {} differ", ir::to_string(*a), ir::to_string(*b));
  }
  const std::size_t like = context.has_input(7) ? 7 : 0;
  return std::vector{ir::TensorType{context.input(like).data_type, a}};
}

Result<Values> evaluate_qlinear_add(const EvaluateContext& context) {
  const auto [a_scale, a_zero] = scalar_parameters(context, 1);
  const auto [b_scale, b_zero] = scalar_parameters(context, 4);
  const auto [c_scale, c_zero] = scalar_parameters(context, 6);
  const float a_factor = a_scale / c_scale;
  const float b_factor = b_scale / c_scale;
  const ir::DataType type = context.output_types[0].data_type;
  ir::Tensor y = ir::Tensor::zeros(type, context.inputs[0].dims());
  const std::vector<std::int32_t> a = widen(context.inputs[0]);
  const std::vector<std::int32_t> b = widen(context.inputs[3]);
  auto out = y.mutable_bytes();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float left = static_cast<float>(a[i] - a_zero) * a_factor;
    const float right = static_cast<float>(b[i] - b_zero) * b_factor;
    out[i] =
        static_cast<std::byte>(round_to_quantized(left + right, c_zero, quantized_range(type)));
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_QLinearAdd() {
  return {.name = "QLinearAdd",
          .domain = ir::kMicrosoftDomain,
          .infer = infer_qlinear_add,
          .evaluate = evaluate_qlinear_add,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement},
                             {4, OperandShape::Rule::kOneElement},
                             {5, OperandShape::Rule::kOneElement},
                             {6, OperandShape::Rule::kOneElement},
                             {7, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
