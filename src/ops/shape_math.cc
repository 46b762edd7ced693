#include "ops/shape_math.h"

#include <algorithm>

namespace lathe::ops {

using ir::Dim;
using ir::Shape;
using ir::TensorType;

Result<std::size_t> normalize_axis(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r)
    return invalid_data("axis {} is out of range for rank {}", axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

Result<std::vector<std::size_t>> normalize_axes(std::span<const std::int64_t> axes,
                                                std::size_t rank) {
  std::vector<std::size_t> normalized;
  for (const std::int64_t axis : axes) {
    ASSIGN_OR_RETURN(const std::size_t a, normalize_axis(axis, rank));
    if (std::find(normalized.begin(), normalized.end(), a) != normalized.end()) {
      return invalid_data("axis {} appears twice", axis);
    }
    normalized.push_back(a);
  }
  return normalized;
}

Result<std::int64_t> normalize_index(std::int64_t index, std::int64_t extent) {
  if (index < -extent || index >= extent)
    return invalid_data("index {} is out of range for extent {}", index, extent);
  return index < 0 ? index + extent : index;
}

bool same_extents(const TensorType& a, const TensorType& b) {
  return a.shape && a.shape == b.shape &&
         std::none_of(a.shape->begin(), a.shape->end(),
                      [](const Dim& dim) { return dim.symbolic().is_unknown(); });
}

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t from_end = result.size() - i;
    const Dim da = from_end > a.size() ? Dim(1) : a[a.size() - from_end];
    const Dim db = from_end > b.size() ? Dim(1) : b[b.size() - from_end];
    if (da == Dim(1) || da == db) {
      result[i] = db;
    } else if (db == Dim(1)) {
      result[i] = da;
    } else if (da.known() && db.known()) {
      return invalid_data("shapes {} and {} cannot be broadcast together", ir::to_string(a),
                          ir::to_string(b));
    } else {
      // One is unknown: a known extent above 1 decides, two unlike symbols stay open.
      result[i] = da.known() ? da : (db.known() ? db : Dim());
    }
  }
  return result;
}

Result<Shape> broadcast_to(const Shape& other, const Shape& shape) {
  auto result = broadcast_shapes(other, shape);
  bool fits = result.ok() && result->size() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i)
    fits = !shape[i].known() || (*result)[i] == shape[i];
  if (fits) return result;
  return invalid_data("shape {} cannot be broadcast to {}", ir::to_string(other),
                      ir::to_string(shape));
}

Dims broadcast_strides(std::span<const std::int64_t> dims, std::span<const std::int64_t> target) {
  Dims strides(target.size(), 0);
  std::int64_t stride = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t axis = dims.size() - 1 - i;
    if (dims[axis] != 1) strides[target.size() - 1 - i] = stride;
    stride *= dims[axis];
  }
  return strides;
}

Dims row_major_strides(std::span<const std::int64_t> dims) {
  Dims strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

bool next_index(Dims& index, std::span<const std::int64_t> dims) {
  for (std::size_t i = dims.size(); i-- > 0;) {
    if (++index[i] < dims[i]) return true;
    index[i] = 0;
  }
  return false;
}

AxisView view_around(std::span<const std::int64_t> dims, std::size_t axis) {
  return {product_of(dims.first(axis)), dims[axis], product_of(dims.subspan(axis + 1))};
}

std::int64_t product_of(std::span<const std::int64_t> dims) {
  std::int64_t product = 1;
  for (const std::int64_t extent : dims) product *= extent;
  return product;
}

Result<ir::DataType> common_data_type(const InferContext& context, std::size_t first,
                                      std::size_t count) {
  const ir::DataType type = context.input(first).data_type;
  for (std::size_t i = first + 1; i < first + count; ++i) {
    if (!context.has_input(i)) continue;
    if (context.input(i).data_type != type) {
      return invalid_data("input {} is {}, input {} is {}", first, ir::data_type_name(type), i,
                          ir::data_type_name(context.input(i).data_type));
    }
  }
  return type;
}

Status require_floating_point(const InferContext& context, std::size_t input) {
  if (ir::is_floating_point(context.input(input).data_type)) return {};
  return unsupported("input {} is {}, expected floating point", input,
                     ir::data_type_name(context.input(input).data_type));
}

Status require_broadcast_to(const InferContext& context, std::size_t input, const Shape& shape) {
  if (!context.has_input(input) || !context.input(input).shape) return {};
  const Shape& given = *context.input(input).shape;
  bool fits = given.size() <= shape.size();
  for (std::size_t i = 0; fits && i < given.size(); ++i) {
    const Dim& target = shape[shape.size() - given.size() + i];
    fits = !given[i].known() || given[i] == Dim(1) || !target.known() || given[i] == target;
  }
  if (fits) return {};
  return invalid_data("{} has shape {}, which cannot be broadcast to {}", context.place(input),
                      ir::to_string(given), ir::to_string(shape));
}

Status require_vector_of(const InferContext& context, std::size_t input, const Dim& extent) {
  if (!context.has_input(input) || !context.input(input).shape) return {};
  const Shape& given = *context.input(input).shape;
  const bool known = given.size() == 1 && given[0].known() && extent.known();
  if (given.size() == 1 && (!known || given[0] == extent)) return {};
  return invalid_data("{} has shape {}, expected [{}]", context.place(input), ir::to_string(given),
                      extent.to_string());
}

Result<Types> infer_like_input(const InferContext& context) {
  return std::vector<TensorType>{context.input(0)};
}

Result<Types> infer_like_float_input(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  return infer_like_input(context);
}

Dims require_dims(const TensorType& type) {
  LATHE_CHECK(type.shape.has_value());
  auto dims = ir::known_dims(*type.shape);
  LATHE_CHECK(dims.has_value());
  return *std::move(dims);
}

}  // namespace lathe::ops
