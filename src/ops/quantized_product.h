// What MatMulInteger and QLinearMatMul share: scales and zero points of matrices, and sums of
// products of what differs from the zero points.
#pragma once

#include "ops/elementwise.h"
#include "ops/matrix_product.h"

namespace lathe::ops {

enum class MatrixSide { kLeft, kRight };

// Refuses a scale or zero point that has neither one element nor one for each row of the left
// operand (each column of the right one): a vector for a matrix, and for any operand its shape with
// columns (rows) of extent 1.
Status require_matrix_parameter(const InferContext& context, std::size_t input,
                                const std::optional<ir::Shape>& operand, MatrixSide side);

// Which scale or zero point belongs to an element of the operand.
class MatrixParameter {
 public:
  MatrixParameter(const ir::Tensor& parameter, const Dims& operand, MatrixSide side);
  [[nodiscard]] std::size_t operator()(std::size_t element) const;

 private:
  MatrixSide side_;
  bool one_;
  std::size_t rows_ = 1;
  std::size_t columns_;
};

// The elements less their zero points; `zero` is undefined where there is none.
template <typename T>
std::vector<T> less_zero_points(const ir::Tensor& x, const ir::Tensor& zero, MatrixSide side) {
  const auto element = [](const ir::Tensor& tensor, std::size_t i) {
    const auto at = static_cast<std::int64_t>(i);
    if constexpr (std::is_integral_v<T>) return static_cast<T>(tensor.get_int64(at));
    return static_cast<T>(tensor.get_double(at));
  };
  std::vector<T> differences(static_cast<std::size_t>(x.num_elements()));
  const MatrixParameter index(zero, x.dims(), side);
  for (std::size_t i = 0; i < differences.size(); ++i)
    differences[i] = element(x, i) - (zero.defined() ? element(zero, index(i)) : T{0});
  return differences;
}

// Calls finish(element, sum, i, j) for each element of the product, in order, where i and j are
// elements of a and b in the row and the column that meet there. Sums of T = int32_t wrap around.
template <typename T, typename Finish>
void for_each_sum(const ir::Tensor& a, const ir::Tensor& a_zero, const ir::Tensor& b,
                  const ir::Tensor& b_zero, Finish finish) {
  const std::vector<T> left = less_zero_points<T>(a, a_zero, MatrixSide::kLeft);
  const std::vector<T> right = less_zero_points<T>(b, b_zero, MatrixSide::kRight);
  T sum = 0;
  std::size_t last_i = 0;
  std::size_t last_j = 0;
  MatrixProduct(a.dims(), b.dims())
      .for_each(
          [&](std::size_t i, std::size_t j, std::size_t) {
            sum = wrapping(sum, static_cast<T>(left[i] * right[j]),
                           [](auto x, auto y) { return x + y; });
            last_i = i;
            last_j = j;
          },
          [&](std::size_t element, std::size_t) {
            finish(element, sum, last_i, last_j);
            sum = 0;
          });
}

}  // namespace lathe::ops
