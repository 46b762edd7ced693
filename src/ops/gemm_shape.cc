#include "ops/gemm_shape.h"

#include <utility>

namespace lathe::ops {

Result<std::optional<ir::Shape>> infer_gemm(const ir::Node& node, const ir::TensorType& a,
                                            const ir::TensorType& b) {
  for (const auto& [name, type] : {std::pair{"A", &a}, std::pair{"B", &b}}) {
    if (type->shape && !type->has_rank(2)) {
      return invalid_data("{} has shape {}, expected a matrix", name, ir::to_string(*type->shape));
    }
  }
  if (!a.shape || !b.shape) return std::optional<ir::Shape>{};
  const bool trans_a = attributes(node).get_int("transA") != 0;
  const bool trans_b = attributes(node).get_int("transB") != 0;
  const ir::Dim& k_of_a = (*a.shape)[trans_a ? 0 : 1];
  const ir::Dim& k_of_b = (*b.shape)[trans_b ? 1 : 0];
  if (k_of_a.known() && k_of_b.known() && k_of_a != k_of_b) {
    return invalid_data("A has shape {} and B {}: inner extents {} and {} differ",
                        ir::to_string(*a.shape), ir::to_string(*b.shape), k_of_a.value(),
                        k_of_b.value());
  }
  return std::optional(ir::Shape{(*a.shape)[trans_a ? 1 : 0], (*b.shape)[trans_b ? 0 : 1]});
}

GemmExtents gemm_extents(const ir::Node& node, const Dims& a, const Dims& b) {
  const bool trans_a = attributes(node).get_int("transA") != 0;
  const bool trans_b = attributes(node).get_int("transB") != 0;
  return {.m = a[trans_a ? 1 : 0],
          .n = b[trans_b ? 0 : 1],
          .k = a[trans_a ? 0 : 1],
          .a_row = trans_a ? 1 : a[1],
          .a_column = trans_a ? a[1] : 1,
          .b_row = trans_b ? 1 : b[1],
          .b_column = trans_b ? b[1] : 1};
}

}  // namespace lathe::ops
