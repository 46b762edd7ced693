#include "ops/axes_input.h"

namespace lathe::ops {
namespace {

constexpr std::int64_t kMost = 64;

Status check_count(const InferContext& context, std::size_t input, const ir::Tensor& list) {
  if (list.num_elements() <= kMost) return {};
  return invalid_data("{} has {} elements, at most {} are accepted", context.place(input),
                      list.num_elements(), kMost);
}

}  // namespace

Result<std::vector<std::int64_t>> constant_axes(const InferContext& context, std::size_t input) {
  if (!context.has_input(input)) return std::vector<std::int64_t>{};
  const ir::Tensor* axes = context.constant(input);
  if (axes == nullptr) return unsupported("axes that are not constant");
  RETURN_IF_ERROR(check_count(context, input, *axes));
  return axes->to_int64s();
}

std::optional<std::size_t> short_length(const ir::TensorType& vector) {
  if (!vector.has_rank(1)) return std::nullopt;
  const ir::Dim& length = vector.shape->front();
  if (!length.known() || length.value() > kMost) return std::nullopt;
  return static_cast<std::size_t>(length.value());
}

Result<std::optional<ir::Shape>> shape_from_input(const InferContext& context, std::size_t input) {
  const ir::Tensor* extents = context.constant(input);
  if (extents == nullptr) {
    if (const SymbolicTensor* symbols = context.symbolic(input)) {
      ir::Shape shape;
      for (const ir::SymInt& extent : symbols->elements) shape.emplace_back(extent);
      return std::optional(std::move(shape));
    }
    const auto length = short_length(context.input(input));
    return length ? std::optional(ir::Shape(*length)) : std::nullopt;
  }
  RETURN_IF_ERROR(check_count(context, input, *extents));
  ir::Shape shape;
  for (const std::int64_t extent : extents->to_int64s()) {
    if (extent < 0) return invalid_data("{} has the extent {}", context.place(input), extent);
    shape.emplace_back(extent);
  }
  RETURN_IF_ERROR(ir::check_extents(shape));
  return std::optional(std::move(shape));
}

}  // namespace lathe::ops
