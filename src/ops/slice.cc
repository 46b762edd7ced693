#include "ops/slice.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "ops/axes_input.h"
#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// What a Slice takes of one axis, as its operands have it.
struct AxisSlice {
  std::int64_t start = 0;
  std::int64_t end = INT64_MAX;
  std::int64_t step = 1;
};

// Of an axis whose extent is known.
SlicedAxis elements_of(const AxisSlice& slice, std::int64_t extent) {
  if (extent == 0) return {};
  // Larger steps reach one element as well, and their negation fits.
  const std::int64_t step = std::clamp(slice.step, -extent, extent);
  const auto resolve = [extent](std::int64_t at, std::int64_t low, std::int64_t high) {
    return std::clamp(at < 0 ? at + extent : at, low, high);
  };
  if (step > 0) {
    const std::int64_t first = resolve(slice.start, 0, extent);
    const std::int64_t end = resolve(slice.end, 0, extent);
    return {first, step, end > first ? (end - first - 1) / step + 1 : 0};
  }
  const std::int64_t first = resolve(slice.start, 0, extent - 1);
  const std::int64_t end = resolve(slice.end, -1, extent - 1);
  return {first, step, first > end ? (first - end - 1) / -step + 1 : 0};
}

// How many they are of an axis whose extent is not: where slices begin and end within the axis, as
// the model promises, and the number depends on its extent only.
ir::Dim symbolic_count(const AxisSlice& slice, const ir::Dim& extent) {
  constexpr std::int64_t kEverything = INT32_MAX;  // what exporters write for "to the end"
  const bool to_end = slice.end >= kEverything;
  if (slice.step > 0 && slice.start >= 0 && slice.start < kEverything &&
      (to_end || slice.end < 0)) {
    const ir::SymInt end = to_end ? extent.symbolic() : extent.symbolic() + slice.end;
    return ir::Dim(ceil_div(end - slice.start, slice.step));
  }
  const bool whole_reversed = slice.step == -1 && slice.end <= -kEverything &&
                              (slice.start == -1 || slice.start >= kEverything);
  return whole_reversed ? extent : ir::Dim();
}

// Where a start or an end is an expression: it is a place within the axis, counted from its begin.
ir::Dim symbolic_count(const ir::SymInt& start, const ir::SymInt& end, const ir::Dim& extent) {
  const auto place = [&](const ir::SymInt& at) {
    const ir::SymInt& whole = extent.symbolic();
    if (!at.is_number()) {
      const ir::SymInt behind = at - whole;
      return behind.is_number() && *behind.number() > 0 ? whole : at;
    }
    if (*at.number() < 0) return whole + at;
    return extent.known() ? ir::SymInt(std::min(*at.number(), extent.value())) : at;
  };
  constexpr std::int64_t kEverything = INT32_MAX;
  const bool to_end = end.is_number() && *end.number() >= kEverything;
  return ir::Dim((to_end ? extent.symbolic() : place(end)) - place(start));
}

// By axis; those that are not sliced take everything.
Result<std::vector<AxisSlice>> resolve_slices(const SliceOperands& operands, std::size_t rank) {
  const auto& [starts, ends, axes, steps] = operands;
  for (const Dims& list : {ends, axes.value_or(starts), steps.value_or(starts)}) {
    if (list.size() != starts.size()) {
      return invalid_data("starts has {} values, but ends, axes or steps has {}", starts.size(),
                          list.size());
    }
  }
  std::vector<std::size_t> named;
  if (axes) {
    ASSIGN_OR_RETURN(named, normalize_axes(*axes, rank));
  } else if (starts.size() > rank) {
    return invalid_data("starts has {} values for rank {}", starts.size(), rank);
  }
  std::vector<AxisSlice> slices(rank);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t step = steps ? (*steps)[i] : 1;
    if (step == 0) return invalid_data("steps has the value 0");
    slices[axes ? named[i] : i] = {starts[i], ends[i], step};
  }
  return slices;
}

Result<Types> infer_slice(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  if (!x.shape) return std::vector{x};
  const std::size_t rank = x.shape->size();
  const auto known = [&](std::size_t i) {
    return !context.has_input(i) || context.constant(i) != nullptr;
  };
  const auto values = [&](std::size_t i) -> Result<std::optional<Dims>> {
    if (!context.has_input(i)) return std::optional<Dims>();
    ASSIGN_OR_RETURN(Dims list, constant_axes(context, i));
    return std::optional(std::move(list));
  };
  ir::TensorType y{x.data_type, ir::Shape(rank)};
  if (known(1) && known(2) && known(3) && known(4)) {
    ASSIGN_OR_RETURN(const auto starts, values(1));
    ASSIGN_OR_RETURN(const auto ends, values(2));
    ASSIGN_OR_RETURN(const auto axes, values(3));
    ASSIGN_OR_RETURN(const auto steps, values(4));
    ASSIGN_OR_RETURN(const auto slices, resolve_slices({*starts, *ends, axes, steps}, rank));
    for (std::size_t d = 0; d < rank; ++d) {
      const ir::Dim& extent = (*x.shape)[d];
      (*y.shape)[d] = extent.known() ? ir::Dim(elements_of(slices[d], extent.value()).count)
                                     : symbolic_count(slices[d], extent);
    }
    return std::vector{y};
  }
  const SymbolicTensor* starts = context.symbolic(1);
  const SymbolicTensor* ends = context.symbolic(2);
  if (starts != nullptr && ends != nullptr && known(3) && known(4) &&
      starts->elements.size() == ends->elements.size()) {
    ASSIGN_OR_RETURN(const auto axes, values(3));
    ASSIGN_OR_RETURN(const auto steps, values(4));
    // Placeholders for what is not a number: for the checks, and for axes.
    const Dims none(starts->elements.size(), 0);
    RETURN_IF_ERROR(resolve_slices({none, none, axes, steps}, rank));
    std::vector<std::size_t> named(none.size());
    std::iota(named.begin(), named.end(), std::size_t{0});
    if (axes) {
      ASSIGN_OR_RETURN(named, normalize_axes(*axes, rank));
    }
    y.shape = x.shape;
    for (std::size_t i = 0; i < named.size(); ++i) {
      const bool whole_steps = !steps || (*steps)[i] == 1;
      (*y.shape)[named[i]] =
          whole_steps ? symbolic_count(starts->elements[i], ends->elements[i], (*x.shape)[named[i]])
                      : ir::Dim();
    }
    return std::vector{y};
  }
  // Axes that are surely not sliced stay.
  std::vector<bool> sliced(rank, true);
  if (context.has_input(3) && known(3)) {
    ASSIGN_OR_RETURN(const Dims axes, constant_axes(context, 3));
    ASSIGN_OR_RETURN(const auto named, normalize_axes(axes, rank));
    sliced.assign(rank, false);
    for (const std::size_t axis : named) sliced[axis] = true;
  } else if (const auto count = short_length(context.input(1)); count && !context.has_input(3)) {
    for (std::size_t d = *count; d < rank; ++d) sliced[d] = false;
  }
  for (std::size_t d = 0; d < rank; ++d) {
    if (!sliced[d]) (*y.shape)[d] = (*x.shape)[d];
  }
  return std::vector{y};
}

Result<Values> evaluate_slice(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const auto values = [&](std::size_t i) {
    return context.has_input(i) ? std::optional(context.inputs[i].to_int64s()) : std::nullopt;
  };
  ASSIGN_OR_RETURN(const auto sliced,
                   resolve_slice({*values(1), *values(2), values(3), values(4)}, x.dims()));
  Dims strides = row_major_strides(x.dims());
  Dims dims;
  std::int64_t first = 0;
  for (std::size_t d = 0; d < x.rank(); ++d) {
    dims.push_back(sliced[d].count);
    first += sliced[d].first * strides[d];
    strides[d] *= sliced[d].step;
  }
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  copy_strided(x, y, first, strides);
  return std::vector{std::move(y)};
}

}  // namespace

Result<std::vector<SlicedAxis>> resolve_slice(const SliceOperands& operands,
                                              std::span<const std::int64_t> dims) {
  ASSIGN_OR_RETURN(const auto slices, resolve_slices(operands, dims.size()));
  std::vector<SlicedAxis> sliced;
  for (std::size_t d = 0; d < dims.size(); ++d) sliced.push_back(elements_of(slices[d], dims[d]));
  return sliced;
}

OpDef define_Slice() {
  return {.name = "Slice",
          .infer = infer_slice,
          .evaluate = evaluate_slice,
          .traits = {.moves_elements = true},
          .operand_shapes = {{1, OperandShape::Rule::kVector},
                             {2, OperandShape::Rule::kVector},
                             {3, OperandShape::Rule::kVector},
                             {4, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
