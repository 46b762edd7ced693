#include "ops/matrix_product.h"

#include <algorithm>

#include "base/checked_math.h"

namespace lathe::ops {

Result<std::optional<ir::Shape>> infer_matrix_product(const ir::TensorType& a_type,
                                                      const ir::TensorType& b_type) {
  if (!a_type.shape || !b_type.shape) return std::optional<ir::Shape>();
  ir::Shape a = *a_type.shape;
  ir::Shape b = *b_type.shape;
  if (a.empty() || b.empty()) return invalid_data("a scalar input");
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.emplace_back(1);
  const ir::Dim& k_of_a = a[a.size() - 1];
  const ir::Dim& k_of_b = b[b.size() - 2];
  if (k_of_a.known() && k_of_b.known() && k_of_a != k_of_b) {
    return invalid_data("shapes {} and {}: inner extents differ", ir::to_string(*a_type.shape),
                        ir::to_string(*b_type.shape));
  }
  ASSIGN_OR_RETURN(ir::Shape shape,
                   broadcast_shapes({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2}));
  if (!row) shape.push_back(a[a.size() - 2]);
  if (!column) shape.push_back(b[b.size() - 1]);
  return std::optional(std::move(shape));
}

std::optional<std::int64_t> matrix_product_macs(const ir::TensorType& a,
                                                const ir::TensorType& product) {
  Dims factors = require_dims(product);
  factors.push_back(require_dims(a).back());
  return checked_product(factors);
}

MatrixProduct::MatrixProduct(const Dims& a, const Dims& b)
    : m(a.size() == 1 ? 1 : a[a.size() - 2]), k(a.back()), n(b.size() == 1 ? 1 : b.back()) {
  const auto batch_of = [](const Dims& dims) {
    return dims.size() <= 2 ? Dims{} : Dims(dims.begin(), dims.end() - 2);
  };
  const Dims batch_a = batch_of(a);
  const Dims batch_b = batch_of(b);
  batch.assign(std::max(batch_a.size(), batch_b.size()), 1);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::size_t end = batch.size() - i;
    for (const Dims& dims : {batch_a, batch_b}) {
      if (end <= dims.size() && dims[dims.size() - end] != 1) batch[i] = dims[dims.size() - end];
    }
  }
  stride_a = broadcast_strides(batch_a, batch);
  stride_b = broadcast_strides(batch_b, batch);
}

}  // namespace lathe::ops
