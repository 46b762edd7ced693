#include "ops/quantized_product.h"

#include <algorithm>

#include "ops/may_agree.h"

namespace lathe::ops {
Status require_matrix_parameter(const InferContext& context, std::size_t input,
                                const std::optional<ir::Shape>& operand, MatrixSide side) {
  if (!context.has_input(input) || !context.input(input).shape) return {};
  const ir::Shape& shape = *context.input(input).shape;
  const bool one = std::all_of(shape.begin(), shape.end(), [](const ir::Dim& dim) {
    return !dim.known() || dim == ir::Dim(1);
  });
  if (one || !operand) return {};
  std::string expected = "one element";
  if (operand->size() >= 2) {
    ir::Shape like = *operand;
    like[like.size() - (side == MatrixSide::kLeft ? 1 : 2)] = 1;
    const ir::Shape vector{like[like.size() - (side == MatrixSide::kLeft ? 2 : 1)]};
    if (may_agree(shape, like) || (operand->size() == 2 && may_agree(shape, vector))) return {};
    if (operand->size() == 2) expected += fmt::format(", {}", ir::to_string(vector));
    expected += fmt::format(" or {}", ir::to_string(like));
  }
  return invalid_data("{} has shape {}, expected {}", context.place(input), ir::to_string(shape),
                      expected);
}

MatrixParameter::MatrixParameter(const ir::Tensor& parameter, const Dims& operand, MatrixSide side)
    : side_(side),
      one_(parameter.num_elements() <= 1),
      columns_(static_cast<std::size_t>(operand.back())) {
  if (operand.size() >= 2) rows_ = static_cast<std::size_t>(operand[operand.size() - 2]);
}

std::size_t MatrixParameter::operator()(std::size_t element) const {
  if (one_) return 0;
  if (side_ == MatrixSide::kLeft) return columns_ == 0 ? 0 : element / columns_;
  const std::size_t size = rows_ * columns_;
  return size == 0 ? 0 : element / size * columns_ + element % columns_;
}

}  // namespace lathe::ops
