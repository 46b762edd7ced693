#include "base/checked_math.h"
#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// NumPy's matmul: a vector counts as a row on the left and as a column on the right, and loses that
// axis in the result.
Result<std::vector<ir::TensorType>> infer_mat_mul(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, common_data_type(context, 0, 2));
  if (!ir::is_floating_point(type))
    return unsupported("inputs of type {}", ir::data_type_name(type));
  if (!context.input(0).shape || !context.input(1).shape)
    return std::vector{ir::TensorType{type, std::nullopt}};
  ir::Shape a = *context.input(0).shape;
  ir::Shape b = *context.input(1).shape;
  if (a.empty() || b.empty()) return invalid_data("a scalar input");
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.emplace_back(1);
  const ir::Dim& k_of_a = a[a.size() - 1];
  const ir::Dim& k_of_b = b[b.size() - 2];
  if (k_of_a.known() && k_of_b.known() && k_of_a != k_of_b) {
    return invalid_data("shapes {} and {}: inner extents differ",
                        ir::to_string(*context.input(0).shape),
                        ir::to_string(*context.input(1).shape));
  }
  ASSIGN_OR_RETURN(ir::Shape shape,
                   broadcast_shapes({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2}));
  if (!row) shape.push_back(a[a.size() - 2]);
  if (!column) shape.push_back(b[b.size() - 1]);
  return std::vector{ir::TensorType{type, shape}};
}

Result<std::vector<ir::Tensor>> evaluate_mat_mul(const EvaluateContext& context) {
  const ir::Tensor& a = context.inputs[0];
  const ir::Tensor& b = context.inputs[1];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(a.data_type(), require_dims(context.output_types[0])));
  const std::int64_t k = a.dims().back();
  const std::int64_t m = a.rank() == 1 ? 1 : a.dim(a.rank() - 2);
  const std::int64_t n = b.rank() == 1 ? 1 : b.dims().back();
  const auto batch_of = [](const Dims& dims) {
    return dims.size() <= 2 ? Dims{} : Dims(dims.begin(), dims.end() - 2);
  };
  const Dims batch_a = batch_of(a.dims());
  const Dims batch_b = batch_of(b.dims());
  Dims batch(std::max(batch_a.size(), batch_b.size()), 1);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::size_t end = batch.size() - i;
    for (const Dims& dims : {batch_a, batch_b}) {
      if (end <= dims.size() && dims[dims.size() - end] != 1) batch[i] = dims[dims.size() - end];
    }
  }
  const Dims stride_a = broadcast_strides(batch_a, batch);
  const Dims stride_b = broadcast_strides(batch_b, batch);
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  dispatch_float(a.data_type(), [&]<typename T>() {
    const auto in_a = a.data<T>();
    const auto in_b = b.data<T>();
    auto out = y.mutable_data<T>();
    Dims index(batch.size(), 0);
    std::size_t o = 0;
    do {
      std::int64_t first_a = 0;
      std::int64_t first_b = 0;
      for (std::size_t d = 0; d < batch.size(); ++d) {
        first_a += index[d] * stride_a[d] * m * k;
        first_b += index[d] * stride_b[d] * k * n;
      }
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          double sum = 0;
          for (std::int64_t p = 0; p < k; ++p) {
            sum += static_cast<double>(in_a[static_cast<std::size_t>(first_a + i * k + p)]) *
                   static_cast<double>(in_b[static_cast<std::size_t>(first_b + p * n + j)]);
          }
          out[o++] = static_cast<T>(sum);
        }
      }
    } while (next_index(index, batch));
  });
  return std::vector{std::move(y)};
}

std::optional<std::int64_t> macs_mat_mul(const ir::Node&, std::span<const ir::TensorType> inputs,
                                         std::span<const ir::TensorType> outputs) {
  Dims factors = require_dims(outputs[0]);
  factors.push_back(require_dims(inputs[0]).back());
  return checked_product(factors);
}

}  // namespace

OpDef define_MatMul() {
  return {.name = "MatMul",
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = infer_mat_mul,
          .evaluate = evaluate_mat_mul,
          .macs = macs_mat_mul};
}

}  // namespace lathe::ops
