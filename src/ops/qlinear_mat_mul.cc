// QLinearMatMul, and the same with a result of float32.
#include "ir/domains.h"
#include "ops/matrix_product.h"
#include "ops/quantized.h"

namespace lathe::ops {
namespace {

// Of inputs a, a_scale, a_zero_point, b, b_scale, b_zero_point. Parameters of b may differ by
// column where it is a matrix.
Result<Types> infer_integer_product(const InferContext& context, ir::DataType type) {
  for (const std::size_t i : {0, 3}) RETURN_IF_ERROR(require_8_bit(context, i));
  const std::optional<ir::Shape>& b = context.input(3).shape;
  if (b) {
    const bool is_matrix = b->size() == 2;
    const ir::Dim columns = is_matrix ? b->back() : ir::Dim(1);
    for (const std::size_t i : {4, 5}) RETURN_IF_ERROR(require_per_channel(context, i, columns));
  }
  ASSIGN_OR_RETURN(auto shape, infer_matrix_product(context.input(0), context.input(3)));
  return std::vector{ir::TensorType{type, std::move(shape)}};
}

// Calls finish(element of the product, its int32 sum, a_scale, scale of b).
template <typename Finish>
void multiply_integers(const EvaluateContext& context, Finish finish) {
  const auto [a_scale, a_zero] = scalar_parameters(context, 1);
  const std::vector<float> b_scales = context.inputs[4].to_floats();
  const std::vector<std::int32_t> b_zeros = widen(context.inputs[5]);
  const std::vector<std::int32_t> a = widen(context.inputs[0]);
  const std::vector<std::int32_t> b = widen(context.inputs[3]);
  const auto per_column = [](const auto& values, std::size_t column) {
    return values.size() == 1 ? values[0] : values[column];
  };
  std::uint32_t sum = 0;  // int32 arithmetic that may wrap
  MatrixProduct(context.inputs[0].dims(), context.inputs[3].dims())
      .for_each(
          [&, a_zero = a_zero](std::size_t i, std::size_t j, std::size_t column) {
            sum +=
                static_cast<std::uint32_t>((a[i] - a_zero) * (b[j] - per_column(b_zeros, column)));
          },
          [&, a_scale = a_scale](std::size_t element, std::size_t column) {
            finish(element, static_cast<std::int32_t>(sum), a_scale, per_column(b_scales, column));
            sum = 0;
          });
}

// Inputs: as above, then y_scale, y_zero_point.
Result<Types> infer_qlinear_mat_mul(const InferContext& context) {
  RETURN_IF_ERROR(require_8_bit(context, 7));
  return infer_integer_product(context, context.input(7).data_type);
}

Result<Values> evaluate_qlinear_mat_mul(const EvaluateContext& context) {
  const QuantizationParameters parameters = scalar_parameters(context, 6);
  const ir::DataType type = context.output_types[0].data_type;
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(type, require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const QuantizedRange range = quantized_range(type);
  auto out = y.mutable_bytes();
  multiply_integers(context, [&](std::size_t o, std::int32_t sum, float a_scale, float b_scale) {
    const float multiplier = requantize_multiplier(a_scale, b_scale, parameters.scale);
    out[o] = static_cast<std::byte>(requantize(sum, multiplier, parameters.zero_point, range));
  });
  return std::vector{std::move(y)};
}

// The result is not rounded to 8 bits: float32(sum) * float32(a_scale * b_scale).
Result<Types> infer_q_mat_mul(const InferContext& context) {
  return infer_integer_product(context, ir::DataType::kFloat32);
}

Result<Values> evaluate_q_mat_mul(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  auto out = y.mutable_data<float>();
  multiply_integers(context, [&](std::size_t o, std::int32_t sum, float a_scale, float b_scale) {
    out[o] = static_cast<float>(sum) * (a_scale * b_scale);
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
          .operand_shapes = {{1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement},
                             {6, OperandShape::Rule::kOneElement},
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
