#include <fmt/format.h>

#include "ops/named_extents.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// The extents that size names: of N, C and two or three spatial axes.
Result<Dims> read_grid_size(const ir::Tensor& size) {
  Dims extents = size.to_int64s();
  if (extents.size() != 4 && extents.size() != 5)
    return invalid_data("size has {} elements, expected 4 or 5", extents.size());
  for (const std::int64_t extent : extents)
    if (extent < 0) return invalid_data("size has the value {}", extent);
  return extents;
}

// How many spatial axes there are; 0 where nobody tells.
Result<std::size_t> affine_axes(const InferContext& context) {
  if (const ir::Tensor* size = context.constant(1)) {
    ASSIGN_OR_RETURN(const Dims extents, read_grid_size(*size));
    return extents.size() - 2;
  }
  const auto& size = context.input(1).shape;
  const auto& theta = context.input(0).shape;
  std::size_t axes = 0;
  if (size && (*size)[0].known()) {
    axes = static_cast<std::size_t>((*size)[0].value()) - 2;
    if (axes != 2 && axes != 3)
      return invalid_data("{} has shape {}, expected [4] or [5]", context.place(1),
                          ir::to_string(*size));
  } else if (theta && theta->size() == 3 && theta->at(1).known()) {
    axes = static_cast<std::size_t>(theta->at(1).value());
    if (axes != 2 && axes != 3)
      return invalid_data("{} has shape {}, expected [N,2,3] or [N,3,4]", context.place(0),
                          ir::to_string(*theta));
  }
  return axes;
}

// theta [N, r, r + 1], size of [N, C, D1, ..., Dr].
Result<Types> infer_affine_grid(const InferContext& context) {
  const ir::DataType type = context.input(0).data_type;
  ASSIGN_OR_RETURN(const std::size_t axes, affine_axes(context));
  if (axes == 0) return std::vector{ir::TensorType{type, std::nullopt}};
  NamedExtents extents(context);
  const ir::Tensor* size = context.constant(1);
  if (size != nullptr) extents.set("N", size->get_int64(0));
  RETURN_IF_ERROR(extents.match(0, {"N", fmt::to_string(axes), fmt::to_string(axes + 1)}));
  ir::Shape grid{extents["N"]};
  for (std::size_t i = 0; i < axes; ++i) {
    grid.emplace_back(size != nullptr
                          ? ir::SymInt(size->get_int64(static_cast<std::int64_t>(i) + 2))
                          : ir::SymInt::data_dependent());
  }
  grid.emplace_back(static_cast<std::int64_t>(axes));
  return std::vector{ir::TensorType{type, std::move(grid)}};
}

// Where element i of an axis lies between -1 and 1. An axis of one corner has it at -1.
double original_position(std::int64_t i, std::int64_t extent, bool align_corners) {
  const auto x = static_cast<double>(i);
  const auto length = static_cast<double>(extent);
  if (align_corners) return i == 0 ? -1 : x * 2 / (length - 1) - 1;
  return (2 * x + 1) / length - 1;
}

Result<Values> evaluate_affine_grid(const EvaluateContext& context) {
  const bool align_corners = context.attributes().get_bool("align_corners");
  const Dims dims = require_dims(context.output_types[0]);
  const auto axes = static_cast<std::size_t>(dims.back());
  ASSIGN_OR_RETURN(ir::Tensor grid, ir::Tensor::create(ir::DataType::kFloat64, dims));
  const ir::Tensor wide = context.inputs[0].cast(ir::DataType::kFloat64);
  const auto theta = wide.data<double>();
  const auto out = grid.mutable_data<double>();
  const Dims places(dims.begin(), dims.end() - 1);
  Dims index(places.size(), 0);
  for (std::size_t o = 0; o < out.size(); o += axes) {
    const std::size_t matrix = static_cast<std::size_t>(index[0]) * axes * (axes + 1);
    for (std::size_t row = 0; row < axes; ++row) {
      const auto coefficients = theta.subspan(matrix + row * (axes + 1), axes + 1);
      double sum = coefficients[axes];
      // The first coordinate is that of the innermost axis.
      for (std::size_t column = 0; column < axes; ++column) {
        const std::size_t axis = axes - column;
        sum += coefficients[column] * original_position(index[axis], places[axis], align_corners);
      }
      out[o + row] = sum;
    }
    next_index(index, places);
  }
  return std::vector{grid.cast(context.output_types[0].data_type)};
}

}  // namespace

OpDef define_AffineGrid() {
  return {.name = "AffineGrid",
          .infer = infer_affine_grid,
          .evaluate = evaluate_affine_grid,
          .operand_shapes = {{1, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
