#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ops/dispatch.h"
#include "ops/named_extents.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// X [N, C, H, W], rois [num_rois, 5] of batch, x1, y1, x2, y2.
Result<Types> infer_max_roi_pool(const InferContext& context) {
  const Dims& pooled = *context.attributes().find_ints("pooled_shape");
  if (pooled.size() != 2)
    return invalid_data("pooled_shape has {} values, expected 2", pooled.size());
  for (const std::int64_t extent : pooled)
    if (extent < 1) return invalid_data("pooled_shape has the value {}", extent);
  const float scale = context.attributes().get_float("spatial_scale");
  if (!std::isfinite(scale)) return invalid_data("spatial_scale is {}", scale);
  NamedExtents extents(context);
  RETURN_IF_ERROR(extents.match(0, {"N", "C", "H", "W"}));
  RETURN_IF_ERROR(extents.match(1, {"num_rois", "5"}));
  return std::vector{
      ir::TensorType{context.input(0).data_type,
                     ir::Shape{extents["num_rois"], extents["C"], pooled[0], pooled[1]}}};
}

// One axis of a region: whole elements of the input, both ends included. In the precision of the
// input, as ONNX Runtime has it.
template <typename T>
struct PooledAxis {
  std::int64_t begin;
  T bin;
  std::int64_t inputs;

  PooledAxis(T from, T to, std::int64_t outputs, std::int64_t extent)
      : begin(static_cast<std::int64_t>(std::round(from))), inputs(extent) {
    const std::int64_t length = static_cast<std::int64_t>(std::round(to)) - begin + 1;
    bin = static_cast<T>(std::max<std::int64_t>(length, 1)) / static_cast<T>(outputs);
  }

  // Which elements output `i` pools: [first, last). Those of two outputs may overlap.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> window(std::int64_t i) const {
    const T first = std::floor(static_cast<T>(i) * bin);
    const T last = std::ceil(static_cast<T>(i + 1) * bin);
    return {std::clamp<std::int64_t>(begin + static_cast<std::int64_t>(first), 0, inputs),
            std::clamp<std::int64_t>(begin + static_cast<std::int64_t>(last), 0, inputs)};
  }
};

// What lies outside of X adds nothing; a window without elements gives 0.
template <typename T>
T pooled_largest(std::span<const T> image, const PooledAxis<T>& rows, const PooledAxis<T>& columns,
                 std::int64_t row, std::int64_t column) {
  const auto [top, bottom] = rows.window(row);
  const auto [left, right] = columns.window(column);
  if (top >= bottom || left >= right) return 0;
  T largest = -std::numeric_limits<T>::infinity();
  for (std::int64_t y = top; y < bottom; ++y) {
    for (std::int64_t x = left; x < right; ++x) {
      const T element = image[static_cast<std::size_t>(y * columns.inputs + x)];
      if (element > largest || std::isnan(element)) largest = element;
    }
  }
  return largest;
}

Status check_pooled_region(std::span<const double> region, double scale, std::int64_t batches) {
  if (!(region[0] >= 0 && region[0] < static_cast<double>(batches)))
    return invalid_data("rois names the batch {}, expected 0 to {}", region[0], batches - 1);
  for (const double place : region.subspan(1)) {
    constexpr double kFarthest = 0x1p31;
    if (!(std::abs(place * scale) <= kFarthest))
      return invalid_data("rois has the value {}, which is in no image", place);
  }
  return {};
}

Result<Values> evaluate_max_roi_pool(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor regions = context.inputs[1].cast(ir::DataType::kFloat64);
  const float scale = context.attributes().get_float("spatial_scale");
  const Dims dims = require_dims(context.output_types[0]);
  for (std::int64_t r = 0; r < dims[0]; ++r) {
    const auto region = regions.data<double>().subspan(static_cast<std::size_t>(r) * 5, 5);
    RETURN_IF_ERROR(check_pooled_region(region, static_cast<double>(scale), x.dim(0)));
  }
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    const auto out = y.mutable_data<T>();
    const auto plane = static_cast<std::size_t>(x.dim(2) * x.dim(3));
    std::size_t next = 0;
    for (std::int64_t r = 0; r < dims[0]; ++r) {
      const auto region = context.inputs[1].data<T>().subspan(static_cast<std::size_t>(r) * 5, 5);
      const T s = static_cast<T>(scale);
      const PooledAxis<T> columns(region[1] * s, region[3] * s, dims[3], x.dim(3));
      const PooledAxis<T> rows(region[2] * s, region[4] * s, dims[2], x.dim(2));
      for (std::int64_t channel = 0; channel < dims[1]; ++channel) {
        const auto batch = static_cast<std::int64_t>(region[0]);
        const auto image =
            in.subspan(static_cast<std::size_t>(batch * dims[1] + channel) * plane, plane);
        for (std::int64_t i = 0; i < dims[2]; ++i)
          for (std::int64_t j = 0; j < dims[3]; ++j)
            out[next++] = pooled_largest(image, rows, columns, i, j);
      }
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_MaxRoiPool() {
  return {.name = "MaxRoiPool", .infer = infer_max_roi_pool, .evaluate = evaluate_max_roi_pool};
}

}  // namespace lathe::ops
