// Shapes of Gemm and its quantized form.
#pragma once

#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {

// [M, N] for A [M, K] (or [K, M] where transA) and B [K, N] (or [N, K] where transB). Empty where a
// rank is unknown.
Result<std::optional<ir::Shape>> infer_gemm(const ir::Node& node, const ir::TensorType& a,
                                            const ir::TensorType& b);

struct GemmExtents {
  std::int64_t m, n, k;
  // Strides in elements: a(i, p) = i * a_row + p * a_column, likewise b(p, j).
  std::int64_t a_row, a_column, b_row, b_column;
};
GemmExtents gemm_extents(const ir::Node& node, const Dims& a, const Dims& b);

}  // namespace lathe::ops
