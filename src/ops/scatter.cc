// ScatterElements and ScatterND: a copy of the data with updates at the places that indices name.
#include <algorithm>

#include "ops/dispatch.h"
#include "ops/element_copy.h"
#include "ops/elementwise.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

enum ScatterInput : std::size_t { kScatterData, kScatterIndices, kScatterUpdates };

Status check_reduction(const InferContext& context) {
  const std::string& reduction = context.attributes().get_string("reduction");
  constexpr std::string_view kReductions[] = {"none", "add", "mul", "max", "min"};
  if (std::find(std::begin(kReductions), std::end(kReductions), reduction) == std::end(kReductions))
    return invalid_data("reduction is '{}'", reduction);
  const ir::DataType type = context.input(kScatterData).data_type;
  if (reduction != "none" && !ir::is_numeric(type))
    return unsupported("reduction '{}' of {}", reduction, ir::data_type_name(type));
  return {};
}

template <typename Body>
void dispatch_bool_or_numeric(ir::DataType type, Body&& body) {
  if (type == ir::DataType::kBool) return body.template operator()<bool>();
  dispatch_numeric(type, std::forward<Body>(body));
}

// Puts elements of the updates into the result, or adds them to what is there.
class Updater {
 public:
  Updater(const ir::Tensor& updates, ir::Tensor& result, std::string_view reduction)
      : updates_(updates), result_(result), reduction_(reduction), copier_(updates, result) {}

  void put(std::int64_t from, std::int64_t to) {
    if (reduction_ == "none") return copier_.copy(from, to);
    dispatch_bool_or_numeric(result_.data_type(), [&]<typename T>() {
      T& element = result_.mutable_data<T>()[static_cast<std::size_t>(to)];
      element = reduce(element, updates_.data<T>()[static_cast<std::size_t>(from)]);
    });
  }

 private:
  // Of bools "add" and "max" are or, "mul" and "min" are and.
  template <typename T>
  T reduce(T a, T b) const {
    if (reduction_ == "max") return std::max(a, b);
    if (reduction_ == "min") return std::min(a, b);
    if constexpr (std::is_same_v<T, bool>) {
      return reduction_ == "add" ? a || b : a && b;
    } else {
      return wrapping(a, b, [&](auto x, auto y) { return reduction_ == "add" ? x + y : x * y; });
    }
  }

  const ir::Tensor& updates_;
  ir::Tensor& result_;
  std::string_view reduction_;
  ElementCopier copier_;
};

// An index, counted from the end where it is negative.
Result<std::int64_t> read_scatter_index(const ir::Tensor& indices, std::int64_t i,
                                        std::int64_t extent, std::size_t axis) {
  const std::int64_t index = indices.get_int64(i);
  if (index >= -extent && index < extent) return index < 0 ? index + extent : index;
  return invalid_argument(
      "indices has the value {}, which is out of range for extent {} of axis {}", index, extent,
      axis);
}

bool surely_differ(const ir::Dim& a, const ir::Dim& b) { return a.known() && b.known() && a != b; }

Result<Types> infer_scatter_elements(const InferContext& context) {
  RETURN_IF_ERROR(check_reduction(context));
  const auto& data = context.input(kScatterData).shape;
  const auto& indices = context.input(kScatterIndices).shape;
  const auto& updates = context.input(kScatterUpdates).shape;
  std::optional<std::size_t> axis;
  if (data) {
    ASSIGN_OR_RETURN(axis, normalize_axis(context.attributes().get_int("axis"), data->size()));
  }
  if (indices && updates) {
    bool fits = indices->size() == updates->size();
    for (std::size_t d = 0; fits && d < indices->size(); ++d)
      fits = !surely_differ((*indices)[d], (*updates)[d]);
    if (!fits) {
      return invalid_data("updates have shape {}, expected {} as the indices",
                          ir::to_string(*updates), ir::to_string(*indices));
    }
  }
  if (data && indices) {
    bool fits = data->size() == indices->size();
    for (std::size_t d = 0; fits && d < data->size(); ++d) {
      const ir::Dim& extent = (*indices)[d];
      fits = d == *axis || !extent.known() || !(*data)[d].known() ||
             extent.value() <= (*data)[d].value();
    }
    if (!fits) {
      return invalid_data("indices {} do not fit data {} along axis {}", ir::to_string(*indices),
                          ir::to_string(*data), *axis);
    }
  }
  return infer_like_input(context);
}

Result<Values> evaluate_scatter_elements(const EvaluateContext& context) {
  ir::Tensor result = context.inputs[kScatterData];
  const ir::Tensor& indices = context.inputs[kScatterIndices];
  // Where there is nothing to write to, the engine does not even look.
  if (indices.num_elements() == 0 || result.num_elements() == 0)
    return std::vector{std::move(result)};
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), result.rank()));
  const Dims strides = row_major_strides(result.dims());
  Updater updater(context.inputs[kScatterUpdates], result,
                  context.attributes().get_string("reduction"));
  Dims index(indices.rank(), 0);
  for (std::int64_t i = 0; i < indices.num_elements(); ++i) {
    std::int64_t to = 0;
    for (std::size_t d = 0; d < index.size(); ++d) to += d == axis ? 0 : index[d] * strides[d];
    ASSIGN_OR_RETURN(const std::int64_t place,
                     read_scatter_index(indices, i, result.dim(axis), axis));
    updater.put(i, to + place * strides[axis]);
    next_index(index, indices.dims());
  }
  return std::vector{std::move(result)};
}

// Each index is a vector along the last axis of `indices`, and names an element or a slice of data.
Result<Types> infer_scatter_nd(const InferContext& context) {
  RETURN_IF_ERROR(check_reduction(context));
  const auto& data = context.input(kScatterData).shape;
  const auto& indices = context.input(kScatterIndices).shape;
  const auto& updates = context.input(kScatterUpdates).shape;
  for (const ScatterInput input : {kScatterData, kScatterIndices}) {
    if (context.input(input).has_rank(0))
      return invalid_data("{} has rank 0, expected 1 or more", context.place(input));
  }
  if (!data || !indices || !indices->back().known()) return infer_like_input(context);
  const std::int64_t depth = indices->back().value();
  if (depth > static_cast<std::int64_t>(data->size())) {
    return invalid_data("indices {} name {} axes, but data has shape {}", ir::to_string(*indices),
                        depth, ir::to_string(*data));
  }
  ir::Shape expected(indices->begin(), indices->end() - 1);
  expected.insert(expected.end(), data->begin() + depth, data->end());
  bool fits = !updates || updates->size() == expected.size();
  for (std::size_t d = 0; fits && updates && d < expected.size(); ++d)
    fits = !surely_differ((*updates)[d], expected[d]);
  if (!fits) {
    return invalid_data("updates have shape {}, expected {}", ir::to_string(*updates),
                        ir::to_string(expected));
  }
  return infer_like_input(context);
}

Result<Values> evaluate_scatter_nd(const EvaluateContext& context) {
  ir::Tensor result = context.inputs[kScatterData];
  const ir::Tensor& indices = context.inputs[kScatterIndices];
  const ir::Tensor& updates = context.inputs[kScatterUpdates];
  if (updates.num_elements() == 0 || result.num_elements() == 0)
    return std::vector{std::move(result)};
  const std::int64_t depth = indices.dims().back();
  const std::int64_t slice =
      product_of(std::span(result.dims()).subspan(static_cast<std::size_t>(depth)));
  const Dims strides = row_major_strides(result.dims());
  Updater updater(updates, result, context.attributes().get_string("reduction"));
  for (std::int64_t from = 0; from < updates.num_elements(); from += slice) {
    std::int64_t to = 0;
    for (std::int64_t d = 0; d < depth; ++d) {
      const auto axis = static_cast<std::size_t>(d);
      ASSIGN_OR_RETURN(
          const std::int64_t place,
          read_scatter_index(indices, from / slice * depth + d, result.dim(axis), axis));
      to += place * strides[axis];
    }
    for (std::int64_t i = 0; i < slice; ++i) updater.put(from + i, to + i);
  }
  return std::vector{std::move(result)};
}

}  // namespace

OpDef define_ScatterElements() {
  return {.name = "ScatterElements",
          .infer = infer_scatter_elements,
          .evaluate = evaluate_scatter_elements};
}

OpDef define_ScatterND() {
  return {.name = "ScatterND", .infer = infer_scatter_nd, .evaluate = evaluate_scatter_nd};
}

}  // namespace lathe::ops
