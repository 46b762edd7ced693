#include "ops/linear_quantization.h"

#include "ops/may_agree.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Blocks along an axis, the last one perhaps not full. Whatever `block` a file states, there is no
// overflow.
std::int64_t block_count(std::int64_t extent, std::int64_t block) {
  return extent / block + (extent % block != 0 ? 1 : 0);
}

}  // namespace

Result<ir::DataType> element_type_attribute(const Attributes& attributes, std::string_view name) {
  const std::int64_t number = attributes.get_int(name);
  const auto narrow = static_cast<std::int32_t>(number);
  if (number == narrow && ir::is_known_data_type(narrow)) return static_cast<ir::DataType>(narrow);
  return invalid_data("{} is {}, which is no element type", name, number);
}

Status check_linear_quantization(const InferContext& context) {
  const auto& x = context.input(0).shape;
  const auto& scale = context.input(1).shape;
  const auto may_be_one = [](const ir::Shape& shape) {
    return shape.empty() || (shape.size() == 1 && (!shape[0].known() || shape[0] == ir::Dim(1)));
  };
  if (context.has_input(2) && context.input(2).shape && scale &&
      !may_agree(*context.input(2).shape, *scale) &&
      !(may_be_one(*scale) && may_be_one(*context.input(2).shape))) {
    return invalid_data("zero point has shape {}, the scale {}",
                        ir::to_string(*context.input(2).shape), ir::to_string(*scale));
  }
  if (!x || !scale || may_be_one(*scale)) return {};
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), x->size()));
  const std::int64_t block = context.attributes().get_int("block_size");
  if (block < 0) return invalid_data("block_size is {}", block);
  if (block == 0) {
    if (scale->size() != 1)
      return invalid_data("scale has shape {}, expected a vector", ir::to_string(*scale));
    const ir::Dim& extent = (*x)[axis];
    if (extent.known() && (*scale)[0].known() && extent != (*scale)[0]) {
      return invalid_data("scale has {} values, axis {} has {}", (*scale)[0].value(), axis,
                          extent.value());
    }
    return {};
  }
  if (scale->size() != x->size()) {
    return invalid_data("blocked scale has rank {}, expected {}", scale->size(), x->size());
  }
  for (std::size_t i = 0; i < x->size(); ++i) {
    if (!(*x)[i].known() || !(*scale)[i].known()) continue;
    const std::int64_t extent = (*x)[i].value();
    const std::int64_t expected = i == axis ? block_count(extent, block) : extent;
    if ((*scale)[i].value() != expected) {
      return invalid_data("blocked scale has shape {}, which does not fit {} with block_size {}",
                          ir::to_string(*scale), ir::to_string(*x), block);
    }
  }
  return {};
}

ScaleIndex::ScaleIndex(const ir::Node& node, const ir::Tensor& x, const ir::Tensor& scale)
    : scalar_(scale.num_elements() == 1) {
  if (scalar_) return;
  const std::size_t axis = normalize_axis(attributes(node).get_int("axis"), x.rank()).value();
  for (std::size_t i = axis + 1; i < x.rank(); ++i) inner_ *= x.dim(i);
  extent_ = x.dim(axis);
  const std::int64_t block = attributes(node).get_int("block_size");
  blocked_ = block > 0;
  if (blocked_) block_ = block;
}

std::int64_t ScaleIndex::operator()(std::int64_t element) const {
  if (scalar_) return 0;
  const std::int64_t step = element / inner_ % extent_;
  if (!blocked_) return step;
  const std::int64_t first = element / inner_ / extent_ * block_count(extent_, block_);
  return (first + step / block_) * inner_ + element % inner_;
}

}  // namespace lathe::ops
