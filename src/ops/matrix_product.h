// What MatMul and its integer form share: NumPy's matmul, in which a vector counts as a row on the
// left and as a column on the right and loses that axis in the result, and leading axes broadcast.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {

// The shape of the product; empty where that of an operand is unknown.
Result<std::optional<ir::Shape>> infer_matrix_product(const ir::TensorType& a,
                                                      const ir::TensorType& b);

// Multiply-accumulates of a product of this shape, with `a` on the left.
std::optional<std::int64_t> matrix_product_macs(const ir::TensorType& a,
                                                const ir::TensorType& product);

// How the elements of two operands meet.
struct MatrixProduct {
  MatrixProduct(const Dims& a, const Dims& b);

  // For each element of the product, in order: add(i, j, column) for each pair of elements of the
  // operands, then finish(element, column).
  template <typename Add, typename Finish>
  void for_each(Add add, Finish finish) const {
    Dims index(batch.size(), 0);
    std::size_t element = 0;
    do {
      std::int64_t first_a = 0;
      std::int64_t first_b = 0;
      for (std::size_t d = 0; d < batch.size(); ++d) {
        first_a += index[d] * stride_a[d] * m * k;
        first_b += index[d] * stride_b[d] * k * n;
      }
      for (std::int64_t row = 0; row < m; ++row) {
        for (std::int64_t column = 0; column < n; ++column) {
          const auto c = static_cast<std::size_t>(column);
          for (std::int64_t p = 0; p < k; ++p) {
            add(static_cast<std::size_t>(first_a + row * k + p),
                static_cast<std::size_t>(first_b + p * n + column), c);
          }
          finish(element++, c);
        }
      }
    } while (next_index(index, batch));
  }

  std::int64_t m;
  std::int64_t k;
  std::int64_t n;
  Dims batch;
  Dims stride_a;  // in matrices
  Dims stride_b;
};

}  // namespace lathe::ops
