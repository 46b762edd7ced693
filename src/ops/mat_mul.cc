#include "ops/elementwise.h"
#include "ops/matrix_product.h"

namespace lathe::ops {
namespace {

Result<Types> infer_mat_mul(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, common_data_type(context, 0, 2));
  ASSIGN_OR_RETURN(auto shape, infer_matrix_product(context.input(0), context.input(1)));
  return std::vector{ir::TensorType{type, std::move(shape)}};
}

Result<Values> evaluate_mat_mul(const EvaluateContext& context) {
  const ir::Tensor& a = context.inputs[0];
  const ir::Tensor& b = context.inputs[1];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(a.data_type(), require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  dispatch_numeric(a.data_type(), [&]<typename T>() {
    // That of integers wraps around.
    using Sum = std::conditional_t<std::is_floating_point_v<T>, double, T>;
    const auto in_a = a.data<T>();
    const auto in_b = b.data<T>();
    auto out = y.mutable_data<T>();
    Sum sum = 0;
    MatrixProduct(a.dims(), b.dims())
        .for_each(
            [&](std::size_t i, std::size_t j, std::size_t) {
              const Sum product = wrapping(static_cast<Sum>(in_a[i]), static_cast<Sum>(in_b[j]),
                                           [](auto u, auto v) { return u * v; });
              sum = wrapping(sum, product, [](auto u, auto v) { return u + v; });
            },
            [&](std::size_t element, std::size_t) {
              out[element] = static_cast<T>(sum);
              sum = 0;
            });
  });
  return std::vector{std::move(y)};
}

std::optional<std::int64_t> macs_mat_mul(const ir::Node&, std::span<const ir::TensorType> inputs,
                                         std::span<const ir::TensorType> outputs) {
  return matrix_product_macs(inputs[0], outputs[0]);
}

}  // namespace

OpDef define_MatMul() {
  return {
      .name = "MatMul", .infer = infer_mat_mul, .evaluate = evaluate_mat_mul, .macs = macs_mat_mul};
}

}  // namespace lathe::ops
