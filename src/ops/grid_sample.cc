#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "ops/attribute_word.h"
#include "ops/complex_parts.h"
#include "ops/element_copy.h"
#include "ops/interpolation.h"
#include "ops/named_extents.h"

namespace lathe::ops {
namespace {

enum class SampleMode { kLinear, kNearest, kCubic };
constexpr AttributeWord<SampleMode> kSampleModes[] = {{"linear", SampleMode::kLinear},
                                                      {"nearest", SampleMode::kNearest},
                                                      {"cubic", SampleMode::kCubic}};

enum class SamplePadding { kZeros, kBorder, kReflection };
constexpr AttributeWord<SamplePadding> kSamplePaddings[] = {
    {"zeros", SamplePadding::kZeros},
    {"border", SamplePadding::kBorder},
    {"reflection", SamplePadding::kReflection}};

struct SampleOptions {
  SampleMode mode;
  SamplePadding padding;
  bool align_corners;
};

Result<SampleOptions> read_sample_options(const Attributes& attributes) {
  SampleOptions options{};
  ASSIGN_OR_RETURN(options.mode, find_word(attributes, "mode", kSampleModes));
  ASSIGN_OR_RETURN(options.padding, find_word(attributes, "padding_mode", kSamplePaddings));
  options.align_corners = attributes.get_bool("align_corners");
  return options;
}

// X [N, C, D1, ..., Dr], grid [N, D1_out, ..., Dr_out, r].
Result<Types> infer_grid_sample(const InferContext& context) {
  ASSIGN_OR_RETURN(const SampleOptions options, read_sample_options(context.attributes()));
  const ir::TensorType& x = context.input(0);
  const ir::TensorType& grid = context.input(1);
  if (options.mode != SampleMode::kNearest && x.data_type == ir::DataType::kString)
    return unsupported("string cannot be interpolated");
  if (!x.shape && !grid.shape) return std::vector{ir::TensorType{x.data_type, std::nullopt}};
  const std::size_t rank = x.shape ? x.shape->size() : grid.shape->size();
  if (rank < 3) {
    return invalid_data("{} has shape {}, expected {}", context.place(x.shape ? 0 : 1),
                        ir::to_string(x.shape ? *x.shape : *grid.shape),
                        x.shape ? "[N,C,spatial...]" : "[N,spatial...,axes]");
  }
  const std::size_t axes = rank - 2;
  if (axes > kMostInterpolatedAxes) {
    return unsupported("{} spatial axes, expected at most {}", axes, kMostInterpolatedAxes);
  }
  std::vector<std::string> input{"N", "C"};
  std::vector<std::string> places{"N"};
  for (std::size_t i = 1; i <= axes; ++i) {
    input.push_back(fmt::format("D{}", i));
    places.push_back(fmt::format("D{}_out", i));
  }
  places.push_back(fmt::to_string(axes));
  NamedExtents extents(context);
  RETURN_IF_ERROR(extents.match(0, input));
  RETURN_IF_ERROR(extents.match(1, places));
  ir::Shape output{extents["N"], extents["C"]};
  for (std::size_t i = 1; i <= axes; ++i) {
    output.push_back(extents[places[i]]);
    if (options.padding != SamplePadding::kZeros && extents[input[i + 1]] == ir::Dim(0)) {
      return invalid_data("{} has shape {}: without elements there is no padding_mode '{}'",
                          context.place(0), ir::to_string(*x.shape),
                          context.attributes().get_string("padding_mode"));
    }
  }
  return std::vector{ir::TensorType{x.data_type, std::move(output)}};
}

// From [-1, 1] to the indices of an axis, in the precision of the grid.
template <typename T>
double denormalize_place(T position, std::int64_t extent, bool align_corners) {
  const auto length = static_cast<T>(extent);
  return static_cast<double>(align_corners ? (position + 1) / 2 * (length - 1)
                                           : ((position + 1) * length - 1) / 2);
}

double reflect_place(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0 || !std::isfinite(x)) return 0;
  const double walked = std::fmod(std::abs(x - low), 2 * range);
  return low + (walked <= range ? walked : 2 * range - walked);
}

// One axis of X, and what lies around it.
class SampledAxis {
 public:
  SampledAxis(const SampleOptions& options, std::int64_t extent)
      : options_(options),
        extent_(extent),
        low_(options.align_corners ? 0 : -0.5),
        high_(static_cast<double>(extent) - (options.align_corners ? 1 : 0.5)) {}

  [[nodiscard]] AxisTaps taps(double x) const {
    AxisTaps taps;
    if (options_.mode == SampleMode::kNearest) {
      add(taps, bring_inside(std::nearbyint(x)), 1);
      return taps;
    }
    const double place = bring_inside(x);
    const double left = std::floor(place);
    if (options_.mode == SampleMode::kLinear) {
      add(taps, left, 1 - (place - left));
      add(taps, left + 1, place - left);
      return taps;
    }
    constexpr double kCubicCoefficient = -0.75;
    for (int i = -1; i <= 2; ++i)
      add(taps, left + i, cubic_filter(place - left - i, kCubicCoefficient));
    return taps;
  }

 private:
  // The place that stands for x. What is no number is outside of X, or at its first element.
  [[nodiscard]] double bring_inside(double x) const {
    if (x >= low_ && x <= high_) return x;
    const auto extent = static_cast<double>(extent_);
    switch (options_.padding) {
      case SamplePadding::kZeros: {
        constexpr double kFarOutside = 4;  // farther than cubic interpolation reaches
        return std::isnan(x) ? -kFarOutside : std::clamp(x, -kFarOutside, extent + kFarOutside);
      }
      case SamplePadding::kBorder:
        return std::isnan(x) ? 0 : std::clamp(x, 0.0, extent - 1);
      case SamplePadding::kReflection:
        break;
    }
    return reflect_place(x, low_, high_);
  }

  // Of a whole number that may still lie a little outside.
  void add(AxisTaps& taps, double index, double weight) const {
    const double inside = bring_inside(index);
    if (inside < 0 || inside >= static_cast<double>(extent_)) return;
    taps.add(static_cast<std::int64_t>(inside), weight);
  }

  const SampleOptions& options_;
  std::int64_t extent_;
  double low_;
  double high_;
};

// Walks the places of a grid; those of one batch and place are the same for all channels.
class GridWalk {
 public:
  GridWalk(const SampleOptions& options, const ir::Tensor& x, const ir::Tensor& grid)
      : grid_(grid), x_strides_(row_major_strides(x.dims())) {
    for (std::size_t i = 2; i < x.rank(); ++i) {
      axes_.emplace_back(options, x.dim(i));
      extents_.push_back(x.dim(i));
    }
    channels_ = x.dim(1);
    places_ = product_of(std::span(grid.dims()).subspan(1, axes_.size()));
    align_corners_ = options.align_corners;
  }

  [[nodiscard]] std::span<const std::int64_t> axis_strides() const {
    return std::span(x_strides_).subspan(2);
  }

  // visit(taps, index of the first element of the plane in X, index in Y) for each element of Y.
  template <typename Visit>
  void run(Visit visit) const {
    if (places_ == 0) return;
    std::vector<AxisTaps> taps(axes_.size());
    for (std::int64_t batch = 0; batch < grid_.dim(0); ++batch) {
      for (std::int64_t place = 0; place < places_; ++place) {
        for (std::size_t axis = 0; axis < axes_.size(); ++axis)
          taps[axis] = axes_[axis].taps(coordinate(batch * places_ + place, axis));
        for (std::int64_t channel = 0; channel < channels_; ++channel) {
          visit(taps, batch * x_strides_[0] + channel * x_strides_[1],
                (batch * channels_ + channel) * places_ + place);
        }
      }
    }
  }

 private:
  // The grid names the innermost axis first.
  [[nodiscard]] double coordinate(std::int64_t place, std::size_t axis) const {
    const auto count = static_cast<std::int64_t>(axes_.size());
    const auto at = static_cast<std::size_t>((place + 1) * count - 1) - axis;
    if (grid_.data_type() == ir::DataType::kFloat64)
      return denormalize_place(grid_.data<double>()[at], extents_[axis], align_corners_);
    return denormalize_place(grid_.data<float>()[at], extents_[axis], align_corners_);
  }

  const ir::Tensor& grid_;
  std::vector<SampledAxis> axes_;
  Dims extents_;
  Dims x_strides_;
  std::int64_t channels_ = 0;
  std::int64_t places_ = 0;
  bool align_corners_ = false;
};

Result<ir::Tensor> sample_between(const SampleOptions& options, const ir::Tensor& x,
                                  const ir::Tensor& grid, const Dims& dims) {
  if (is_complex(x.data_type())) {
    ASSIGN_OR_RETURN(ComplexParts parts, split_complex(x));
    ASSIGN_OR_RETURN(parts.real, sample_between(options, parts.real, grid, dims));
    ASSIGN_OR_RETURN(parts.imaginary, sample_between(options, parts.imaginary, grid, dims));
    return join_complex(parts);
  }
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat64, dims));
  const ir::Tensor wide = x.cast(ir::DataType::kFloat64);
  const auto in = wide.data<double>();
  const auto out = y.mutable_data<double>();
  const GridWalk walk(options, x, grid);
  walk.run([&](std::span<const AxisTaps> taps, std::int64_t from, std::int64_t to) {
    out[static_cast<std::size_t>(to)] = interpolate(in, from, taps, walk.axis_strides());
  });
  return y.cast(x.data_type());
}

// Elements of any type, moved.
Result<ir::Tensor> sample_nearest(const SampleOptions& options, const ir::Tensor& x,
                                  const ir::Tensor& grid, const Dims& dims) {
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  ElementCopier copier(x, y);
  const GridWalk walk(options, x, grid);
  walk.run([&](std::span<const AxisTaps> taps, std::int64_t from, std::int64_t to) {
    for (std::size_t axis = 0; axis < taps.size(); ++axis) {
      if (taps[axis].taps().empty()) return;
      from += taps[axis].taps()[0].index * walk.axis_strides()[axis];
    }
    copier.copy(from, to);
  });
  return y;
}

Result<Values> evaluate_grid_sample(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const SampleOptions options, read_sample_options(context.attributes()));
  const Dims dims = require_dims(context.output_types[0]);
  const auto sample = options.mode == SampleMode::kNearest ? sample_nearest : sample_between;
  ASSIGN_OR_RETURN(ir::Tensor y, sample(options, context.inputs[0], context.inputs[1], dims));
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_GridSample() {
  return {.name = "GridSample", .infer = infer_grid_sample, .evaluate = evaluate_grid_sample};
}

}  // namespace lathe::ops
