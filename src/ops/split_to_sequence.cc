#include <algorithm>

#include "base/checked_math.h"
#include "ops/element_copy.h"
#include "ops/sequence.h"

namespace lathe::ops {
namespace {

// Of tensors that have no elements any number of parts takes no elements either.
constexpr std::int64_t kMostEmptyParts = std::int64_t{1} << 16;

Result<std::int64_t> read_part_size(const ir::Tensor& split) {
  const std::int64_t size = split.get_int64(0);
  if (size <= 0) return invalid_data("split is {}, expected a positive number", size);
  return size;
}

Status check_part_sizes(const ir::Tensor& split, const ir::Dim& extent) {
  std::int64_t sum = 0;
  for (const std::int64_t size : split.to_int64s()) {
    if (size < 0) return invalid_data("split has a part of {}, expected 0 or more", size);
    const auto longer = checked_sum(sum, size);
    if (!longer) return invalid_data("the parts of split are too large");
    sum = *longer;
  }
  if (!extent.known() || sum == extent.value()) return {};
  return invalid_data("the parts of split are {} together, but the axis has extent {}", sum,
                      extent.value());
}

// The extent that every part has.
Result<ir::Dim> extent_of_parts(const ir::Tensor& split, const ir::Dim& extent) {
  if (split.rank() == 0) {
    ASSIGN_OR_RETURN(const std::int64_t size, read_part_size(split));
    const bool even = extent.known() && extent.value() % size == 0;
    return even ? ir::Dim(size) : ir::Dim(ir::SymInt::data_dependent());
  }
  RETURN_IF_ERROR(check_part_sizes(split, extent));
  const std::vector<std::int64_t> sizes = split.to_int64s();
  const bool even = !sizes.empty() && std::all_of(sizes.begin(), sizes.end(),
                                                  [&](auto size) { return size == sizes[0]; });
  return even ? ir::Dim(sizes[0]) : ir::Dim(ir::SymInt::data_dependent());
}

bool drops_axis(const EvaluateContext& context) {
  return !context.has_input(1) && !context.attributes().get_bool("keepdims");
}

Result<Types> infer_split_to_sequence(const InferContext& context) {
  ir::TensorType part = context.input(0);
  if (part.shape) {
    ASSIGN_OR_RETURN(const std::size_t axis,
                     normalize_axis(context.attributes().get_int("axis"), part.shape->size()));
    ir::Dim& extent = (*part.shape)[axis];
    if (!context.has_input(1)) {
      extent = 1;
      if (!context.attributes().get_bool("keepdims"))
        part.shape->erase(part.shape->begin() + static_cast<std::ptrdiff_t>(axis));
    } else if (const ir::Tensor* split = context.constant(1)) {
      ASSIGN_OR_RETURN(extent, extent_of_parts(*split, extent));
    } else {
      extent = ir::Dim(ir::SymInt::data_dependent());
    }
  }
  return Types{sequence_of(part)};
}

Result<std::vector<std::int64_t>> sizes_of_parts(const EvaluateContext& context, std::size_t axis) {
  const ir::Tensor& x = context.inputs[0];
  if (context.has_input(1) && context.inputs[1].rank() == 1) return context.inputs[1].to_int64s();
  std::int64_t size = 1;
  if (context.has_input(1)) {
    ASSIGN_OR_RETURN(size, read_part_size(context.inputs[1]));
  }
  const std::int64_t extent = x.dim(axis);
  const std::int64_t count = extent / size + (extent % size == 0 ? 0 : 1);
  if (count > std::max(x.num_elements(), kMostEmptyParts)) {
    return error(ErrorCode::kResourceExhausted, "{} parts of {} are too many", count,
                 x.type().to_string());
  }
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(count), size);
  if (extent % size != 0) sizes.back() = extent % size;
  return sizes;
}

Result<Values> evaluate_split_to_sequence(const EvaluateContext& context) {
  const ir::Tensor& x = *context.values[0].tensor();
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), x.rank()));
  ASSIGN_OR_RETURN(const std::vector<std::int64_t> sizes, sizes_of_parts(context, axis));
  const Dims strides = row_major_strides(x.dims());
  std::vector<ir::Datum> parts;
  std::int64_t first = 0;
  for (const std::int64_t size : sizes) {
    Dims dims = x.dims();
    dims[axis] = size;
    ASSIGN_OR_RETURN(ir::Tensor part, ir::Tensor::create(x.data_type(), dims));
    if (part.num_elements() > 0) copy_strided(x, part, first * strides[axis], strides);
    first += size;
    if (drops_axis(context)) {
      dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
      part = part.reshaped(dims);
    }
    parts.emplace_back(std::move(part));
  }
  return Values{make_sequence(x.type(), std::move(parts))};
}

}  // namespace

OpDef define_SplitToSequence() {
  return {.name = "SplitToSequence",
          .infer = infer_split_to_sequence,
          .evaluate = evaluate_split_to_sequence,
          .operand_shapes = {{1, OperandShape::Rule::kScalarOrVector}}};
}

}  // namespace lathe::ops
