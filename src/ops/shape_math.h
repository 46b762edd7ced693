// Shape rules that several operators share. Errors name the attribute or input, not the node.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "ops/op_def.h"

namespace lathe::ops {

using Dims = std::vector<std::int64_t>;

// An axis in [-rank, rank) as one in [0, rank).
Result<std::size_t> normalize_axis(std::int64_t axis, std::size_t rank);

// Axes of Squeeze, ReduceMean and the like, normalised; an error where one repeats.
Result<std::vector<std::size_t>> normalize_axes(std::span<const std::int64_t> axes,
                                                std::size_t rank);

// An index in [-extent, extent) as one in [0, extent).
Result<std::int64_t> normalize_index(std::int64_t index, std::int64_t extent);

// Whether both surely have the same extents at run time.
bool same_extents(const ir::TensorType& a, const ir::TensorType& b);

// NumPy broadcasting, "Multidirectional Broadcasting" of the ONNX specification.
Result<ir::Shape> broadcast_shapes(const ir::Shape& a, const ir::Shape& b);

// Refuses `other` where its broadcasting to `shape` would change that: "Unidirectional
// Broadcasting". Gives `shape`, its unknown extents told by `other` where they are.
Result<ir::Shape> broadcast_to(const ir::Shape& other, const ir::Shape& shape);

// Strides in elements to walk a tensor of extents `dims` as if it had the broadcast extents
// `target`: 0 along broadcast axes.
Dims broadcast_strides(std::span<const std::int64_t> dims, std::span<const std::int64_t> target);

Dims row_major_strides(std::span<const std::int64_t> dims);

// Steps through every index of `dims` in row-major order: next_index() returns false after the
// last.
bool next_index(Dims& index, std::span<const std::int64_t> dims);

// A tensor as [outer, extent, inner] around one of its axes.
struct AxisView {
  std::int64_t outer = 1;
  std::int64_t extent = 1;
  std::int64_t inner = 1;
};
AxisView view_around(std::span<const std::int64_t> dims, std::size_t axis);

// The product of extents of a tensor that exists.
std::int64_t product_of(std::span<const std::int64_t> dims);

// The one data type of these inputs, or an error.
Result<ir::DataType> common_data_type(const InferContext& context, std::size_t first,
                                      std::size_t count);

// Refuses an input whose type is none of these.
Status require_floating_point(const InferContext& context, std::size_t input);

// Refuses an input that is not to be broadcast to a shape: of more axes, or another extent than 1
// or the shape's.
Status require_broadcast_to(const InferContext& context, std::size_t input, const ir::Shape& shape);

// Refuses an input that is not a vector of this extent, where both are known.
Status require_vector_of(const InferContext& context, std::size_t input, const ir::Dim& extent);

// One output of the first input's type: for elementwise operators.
Result<Types> infer_like_input(const InferContext& context);
// The same, for floating point inputs alone.
Result<Types> infer_like_float_input(const InferContext& context);

// Extents of a type all of whose extents are known; stops the program otherwise.
Dims require_dims(const ir::TensorType& type);

}  // namespace lathe::ops
