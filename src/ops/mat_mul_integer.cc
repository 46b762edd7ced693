#include "ops/quantized_product.h"

namespace lathe::ops {
namespace {

Result<Types> infer_mat_mul_integer(const InferContext& context) {
  const std::optional<ir::Shape>& a = context.input(0).shape;
  const std::optional<ir::Shape>& b = context.input(1).shape;
  ASSIGN_OR_RETURN(auto shape, infer_matrix_product(context.input(0), context.input(1)));
  RETURN_IF_ERROR(require_matrix_parameter(context, 2, a, MatrixSide::kLeft));
  RETURN_IF_ERROR(require_matrix_parameter(context, 3, b, MatrixSide::kRight));
  return std::vector{ir::TensorType{ir::DataType::kInt32, std::move(shape)}};
}

Result<Values> evaluate_mat_mul_integer(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(ir::DataType::kInt32, require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const auto zero = [&](std::size_t input) {
    return context.has_input(input) ? context.inputs[input] : ir::Tensor();
  };
  const auto out = y.mutable_data<std::int32_t>();
  for_each_sum<std::int32_t>(
      context.inputs[0], zero(2), context.inputs[1], zero(3),
      [&](std::size_t element, std::int32_t sum, std::size_t, std::size_t) { out[element] = sum; });
  return std::vector{std::move(y)};
}

std::optional<std::int64_t> macs_mat_mul_integer(const ir::Node&,
                                                 std::span<const ir::TensorType> inputs,
                                                 std::span<const ir::TensorType> outputs) {
  return matrix_product_macs(inputs[0], outputs[0]);
}

}  // namespace

OpDef define_MatMulInteger() {
  return {.name = "MatMulInteger",
          .infer = infer_mat_mul_integer,
          .evaluate = evaluate_mat_mul_integer,
          .macs = macs_mat_mul_integer};
}

}  // namespace lathe::ops
