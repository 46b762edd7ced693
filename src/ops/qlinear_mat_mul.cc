// QLinearMatMul, and the same with a result of float32.
#include "ir/domains.h"
#include "ops/cast_elements.h"
#include "ops/quantized.h"
#include "ops/quantized_product.h"

namespace lathe::ops {
namespace {

// Of inputs a, a_scale, a_zero_point, b, b_scale, b_zero_point.
Result<Types> infer_product_of_quantized(const InferContext& context, ir::DataType type) {
  for (const std::size_t i : {1U, 2U}) {
    RETURN_IF_ERROR(
        require_matrix_parameter(context, i, context.input(0).shape, MatrixSide::kLeft));
  }
  for (const std::size_t i : {4U, 5U}) {
    RETURN_IF_ERROR(
        require_matrix_parameter(context, i, context.input(3).shape, MatrixSide::kRight));
  }
  ASSIGN_OR_RETURN(auto shape, infer_matrix_product(context.input(0), context.input(3)));
  return std::vector{ir::TensorType{type, std::move(shape)}};
}

// Calls finish(element of the product, its sum as float32, a_scale, b_scale).
template <typename Finish>
void multiply_quantized(const EvaluateContext& context, Finish finish) {
  const ir::Tensor& a = context.inputs[0];
  const ir::Tensor& b = context.inputs[3];
  const std::vector<float> a_scales = context.inputs[1].to_floats();
  const std::vector<float> b_scales = context.inputs[4].to_floats();
  const MatrixParameter a_index(context.inputs[1], a.dims(), MatrixSide::kLeft);
  const MatrixParameter b_index(context.inputs[4], b.dims(), MatrixSide::kRight);
  const auto finish_sum = [&](std::size_t element, auto sum, std::size_t i, std::size_t j) {
    finish(element, static_cast<float>(sum), a_scales[a_index(i)], b_scales[b_index(j)]);
  };
  if (ir::is_integer(a.data_type()) && ir::is_integer(b.data_type())) {
    for_each_sum<std::int32_t>(a, context.inputs[2], b, context.inputs[5], finish_sum);
  } else {
    for_each_sum<double>(a, context.inputs[2], b, context.inputs[5], finish_sum);
  }
}

// Inputs: as above, then y_scale, y_zero_point.
Result<Types> infer_qlinear_mat_mul(const InferContext& context) {
  return infer_product_of_quantized(context, context.input(7).data_type);
}

// saturate(sum * ((a_scale * b_scale) / y_scale) + y_zero_point).
Result<Values> evaluate_qlinear_mat_mul(const EvaluateContext& context) {
  const auto y_scale = static_cast<float>(context.inputs[6].get_double(0));
  const auto y_zero = static_cast<float>(context.inputs[7].get_double(0));
  const ir::DataType type = context.output_types[0].data_type;
  const Dims dims = require_dims(context.output_types[0]);
  const bool to_integers = ir::is_integer(type);
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(to_integers ? type : ir::DataType::kFloat32, dims));
  if (y.num_elements() > 0) {
    const QuantizedRange range = quantized_range(type);
    multiply_quantized(context, [&](std::size_t o, float sum, float a_scale, float b_scale) {
      const float value = sum * requantize_multiplier(a_scale, b_scale, y_scale);
      if (to_integers) {
        const auto zero = static_cast<std::int32_t>(y_zero);
        y.mutable_bytes()[o] = static_cast<std::byte>(round_to_quantized(value, zero, range));
      } else {
        y.mutable_data<float>()[o] = value + y_zero;
      }
    });
  }
  if (to_integers) return std::vector{std::move(y)};
  ASSIGN_OR_RETURN(ir::Tensor narrow, cast_elements(y, type, {}));
  return std::vector{std::move(narrow)};
}

// The result is not rounded to 8 bits: float32(sum) * float32(a_scale * b_scale).
Result<Types> infer_q_mat_mul(const InferContext& context) {
  for (const std::size_t i : {0U, 3U}) RETURN_IF_ERROR(require_8_bit(context, i));
  return infer_product_of_quantized(context, ir::DataType::kFloat32);
}

Result<Values> evaluate_q_mat_mul(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  auto out = y.mutable_data<float>();
  multiply_quantized(context, [&](std::size_t o, float sum, float a_scale, float b_scale) {
    out[o] = sum * (a_scale * b_scale);
  });
  return std::vector{std::move(y)};
}

std::optional<std::int64_t> macs_qlinear_mat_mul(const ir::Node&,
                                                 std::span<const ir::TensorType> inputs,
                                                 std::span<const ir::TensorType> outputs) {
  return matrix_product_macs(inputs[0], outputs[0]);
}

}  // namespace

OpDef define_QLinearMatMul() {
  return {.name = "QLinearMatMul",
          .infer = infer_qlinear_mat_mul,
          .evaluate = evaluate_qlinear_mat_mul,
          .macs = macs_qlinear_mat_mul,
          .operand_shapes = {{6, OperandShape::Rule::kOneElement},
                             {7, OperandShape::Rule::kOneElement}}};
}

OpDef define_QMatMul() {
  return {.name = "QMatMul",
          .domain = ir::kLatheDomain,
          .infer = infer_q_mat_mul,
          .evaluate = evaluate_q_mat_mul,
          .macs = macs_qlinear_mat_mul,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
