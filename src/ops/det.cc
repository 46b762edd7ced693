#include <algorithm>
#include <cmath>

#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_det(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  ir::TensorType y = context.input(0);
  if (!y.shape) return std::vector{y};
  const ir::Shape& shape = *y.shape;
  const std::size_t rank = shape.size();
  if (rank < 2 ||
      (shape[rank - 1].known() && shape[rank - 2].known() && shape[rank - 1] != shape[rank - 2])) {
    return invalid_data("input has shape {}, expected square matrices", ir::to_string(shape));
  }
  y.shape->resize(rank - 2);
  return std::vector{y};
}

// By elimination with the largest pivot of each column. Uses up the matrix.
double determinant(std::span<double> matrix, std::size_t size) {
  const auto row = [&](std::size_t i) { return matrix.subspan(i * size, size); };
  double product = 1;
  for (std::size_t k = 0; k < size; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < size; ++i) {
      if (!(std::abs(row(i)[k]) <= std::abs(row(pivot)[k]))) pivot = i;  // NaN, too
    }
    if (pivot != k) {
      std::swap_ranges(row(k).begin(), row(k).end(), row(pivot).begin());
      product = -product;
    }
    const double head = row(k)[k];
    product *= head;
    if (head == 0) return product;
    for (std::size_t i = k + 1; i < size; ++i) {
      const double factor = row(i)[k] / head;
      for (std::size_t j = k + 1; j < size; ++j) row(i)[j] -= factor * row(k)[j];
    }
  }
  return product;
}

Result<Values> evaluate_det(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  const auto size = static_cast<std::size_t>(x.dims().back());
  dispatch_float(x.data_type(), [&]<typename T>() {
    auto rest = x.data<T>();
    std::vector<double> matrix;
    for (T& out : y.mutable_data<T>()) {
      matrix.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size * size));
      rest = rest.subspan(size * size);
      out = static_cast<T>(determinant(matrix, size));
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Det() { return {.name = "Det", .infer = infer_det, .evaluate = evaluate_det}; }

}  // namespace lathe::ops
