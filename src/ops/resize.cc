#include "ops/resize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ops/attribute_word.h"
#include "ops/complex_parts.h"
#include "ops/element_copy.h"
#include "ops/interpolation.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace resize {
namespace {

enum Input : std::size_t { kX, kRoi, kScales, kSizes };

enum class Mode { kNearest, kLinear, kCubic };
constexpr AttributeWord<Mode> kModes[] = {
    {"nearest", Mode::kNearest}, {"linear", Mode::kLinear}, {"cubic", Mode::kCubic}};

enum class Coordinates {
  kHalfPixel,
  kHalfPixelSymmetric,
  kPytorchHalfPixel,
  kAlignCorners,
  kAsymmetric,
  kTfCropAndResize,
};
constexpr AttributeWord<Coordinates> kCoordinates[] = {
    {"half_pixel", Coordinates::kHalfPixel},
    {"half_pixel_symmetric", Coordinates::kHalfPixelSymmetric},
    {"pytorch_half_pixel", Coordinates::kPytorchHalfPixel},
    {"align_corners", Coordinates::kAlignCorners},
    {"asymmetric", Coordinates::kAsymmetric},
    {"tf_crop_and_resize", Coordinates::kTfCropAndResize}};

enum class Rounding { kPreferFloor, kPreferCeil, kFloor, kCeil };
constexpr AttributeWord<Rounding> kRoundings[] = {{"round_prefer_floor", Rounding::kPreferFloor},
                                                  {"round_prefer_ceil", Rounding::kPreferCeil},
                                                  {"floor", Rounding::kFloor},
                                                  {"ceil", Rounding::kCeil}};

enum class Policy { kStretch, kNotLarger, kNotSmaller };
constexpr AttributeWord<Policy> kPolicies[] = {{"stretch", Policy::kStretch},
                                               {"not_larger", Policy::kNotLarger},
                                               {"not_smaller", Policy::kNotSmaller}};

struct Options {
  Mode mode;
  Coordinates coordinates;
  Rounding rounding;
  Policy policy;
  bool antialias;
  bool exclude_outside;
  double cubic_coeff_a;
  double extrapolation_value;
};

Result<Options> read_options(const Attributes& attributes) {
  Options options{};
  ASSIGN_OR_RETURN(options.mode, find_word(attributes, "mode", kModes));
  ASSIGN_OR_RETURN(options.coordinates,
                   find_word(attributes, "coordinate_transformation_mode", kCoordinates));
  ASSIGN_OR_RETURN(options.rounding, find_word(attributes, "nearest_mode", kRoundings));
  ASSIGN_OR_RETURN(options.policy, find_word(attributes, "keep_aspect_ratio_policy", kPolicies));
  options.antialias = attributes.get_bool("antialias");
  options.exclude_outside = attributes.get_bool("exclude_outside");
  options.cubic_coeff_a = static_cast<double>(attributes.get_float("cubic_coeff_a"));
  options.extrapolation_value = static_cast<double>(attributes.get_float("extrapolation_value"));
  if (options.antialias && options.mode == Mode::kNearest)
    return invalid_data("antialias has no meaning where mode is 'nearest'");
  return options;
}

// Those that roi, scales and sizes speak of, in their order.
Result<std::vector<std::size_t>> resized_axes(const Attributes& attributes, std::size_t rank) {
  const Dims* named = attributes.find_ints("axes");
  if (named != nullptr) return normalize_axes(*named, rank);
  std::vector<std::size_t> all(rank);
  for (std::size_t i = 0; i < rank; ++i) all[i] = i;
  return all;
}

Status require_count(std::string_view name, std::int64_t count, std::size_t expected) {
  if (count == static_cast<std::int64_t>(expected)) return {};
  return invalid_data("{} has {} elements, expected {}", name, count, expected);
}

// How one axis is resized.
struct Axis {
  std::int64_t input = 0;
  std::int64_t output = 0;
  double scale = 1;
  double roi_begin = 0;
  double roi_end = 1;
};

constexpr double kMostExtent = 0x1p48;

Result<double> read_scale(const ir::Tensor& scales, std::size_t i) {
  const double scale = scales.get_double(static_cast<std::int64_t>(i));
  if (scale > 0 && scale < kMostExtent) return scale;
  return invalid_data("scales has the value {}", scale);
}

// floor(input * (roi_end - roi_start) * scale), in float32 as the scales are.
Result<std::int64_t> scaled_extent(const Axis& axis) {
  const float extent = std::floor(static_cast<float>(axis.input) *
                                  static_cast<float>(axis.roi_end - axis.roi_begin) *
                                  static_cast<float>(axis.scale));
  if (extent >= 0 && extent < static_cast<float>(kMostExtent))
    return static_cast<std::int64_t>(extent);
  return invalid_data("an extent of {} cannot be scaled by {}", axis.input, axis.scale);
}

// The values of roi, scales and sizes; null where they are absent, or known later.
struct Operands {
  const ir::Tensor* roi = nullptr;
  const ir::Tensor* scales = nullptr;
  const ir::Tensor* sizes = nullptr;
};

Status read_roi(const ir::Tensor& roi, std::span<const std::size_t> axes, std::vector<Axis>& all) {
  RETURN_IF_ERROR(require_count("roi", roi.num_elements(), axes.size() * 2));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    all[axes[i]].roi_begin = roi.get_double(static_cast<std::int64_t>(i));
    all[axes[i]].roi_end = roi.get_double(static_cast<std::int64_t>(i + axes.size()));
  }
  return {};
}

Status read_sizes(const ir::Tensor& sizes, Policy policy, std::span<const std::size_t> axes,
                  std::vector<Axis>& all) {
  double common = policy == Policy::kNotLarger ? std::numeric_limits<double>::infinity() : 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = all[axes[i]];
    axis.output = sizes.get_int64(static_cast<std::int64_t>(i));
    if (axis.output < 0 || static_cast<double>(axis.output) > kMostExtent)
      return invalid_data("sizes has the value {}", axis.output);
    if (axis.input == 0 && axis.output == 0 && policy == Policy::kStretch) continue;
    if (axis.input == 0)
      return invalid_data("axis {} has extent 0, which cannot become {}", axes[i], axis.output);
    axis.scale = static_cast<double>(axis.output) / static_cast<double>(axis.input);
    common =
        policy == Policy::kNotLarger ? std::min(common, axis.scale) : std::max(common, axis.scale);
  }
  if (policy == Policy::kStretch) return {};
  for (const std::size_t i : axes) {
    all[i].scale = common;
    const double extent = std::floor(common * static_cast<double>(all[i].input) + 0.5);
    if (extent > kMostExtent) return invalid_data("an extent of {} is absurd", extent);
    all[i].output = static_cast<std::int64_t>(extent);
  }
  return {};
}

// All axes of an input of these extents. One of scales and sizes is there.
// A filter that is stretched to several times the input: no model asks for it, and it would take
// any time and memory.
Status check_stretch(const Options& options, const std::vector<Axis>& axes) {
  for (const Axis& axis : axes) {
    const double elements = 4.0 * (static_cast<double>(axis.input) + 1);
    if (options.antialias && axis.output > 0 && !(axis.scale * elements >= 1))
      return unsupported("antialiasing by a scale of {} on {} elements", axis.scale, axis.input);
  }
  return {};
}

Result<std::vector<Axis>> resolve_axes(const Attributes& attributes, const Options& options,
                                       const Dims& dims, const Operands& operands) {
  ASSIGN_OR_RETURN(const auto axes, resized_axes(attributes, dims.size()));
  std::vector<Axis> all(dims.size());
  for (std::size_t i = 0; i < dims.size(); ++i) all[i].input = all[i].output = dims[i];
  if (operands.roi != nullptr) RETURN_IF_ERROR(read_roi(*operands.roi, axes, all));
  if (operands.sizes != nullptr) {
    RETURN_IF_ERROR(require_count("sizes", operands.sizes->num_elements(), axes.size()));
    RETURN_IF_ERROR(read_sizes(*operands.sizes, options.policy, axes, all));
    RETURN_IF_ERROR(check_stretch(options, all));
    return all;
  }
  RETURN_IF_ERROR(require_count("scales", operands.scales->num_elements(), axes.size()));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = all[axes[i]];
    ASSIGN_OR_RETURN(axis.scale, read_scale(*operands.scales, i));
    ASSIGN_OR_RETURN(axis.output, scaled_extent(axis));
  }
  RETURN_IF_ERROR(check_stretch(options, all));
  return all;
}

// An operand without elements counts as absent: before opset 13 it was the only way to leave one
// out. Of one whose shape is not known nobody can say.
enum class Presence { kAbsent, kUnknown, kPresent };

Presence presence(const InferContext& context, Input input) {
  if (!context.has_input(input)) return Presence::kAbsent;
  const auto& shape = context.input(input).shape;
  if (!shape || !(*shape)[0].known()) return Presence::kUnknown;
  return (*shape)[0] == ir::Dim(0) ? Presence::kAbsent : Presence::kPresent;
}

// Null where it is absent, or known later.
const ir::Tensor* find_constant(const InferContext& context, Input input) {
  return presence(context, input) == Presence::kPresent ? context.constant(input) : nullptr;
}

// Of an extent that is not known.
ir::Dim scale_extent(const ir::Dim& extent, double scale) {
  const double inverse = 1 / scale;
  if (scale == std::floor(scale) && scale < 0x1p24)
    return ir::Dim(extent.symbolic() * static_cast<std::int64_t>(scale));
  // A reciprocal that float32 has exactly.
  int exponent = 0;
  if (inverse < 0x1p24 && std::frexp(inverse, &exponent) == 0.5)
    return ir::Dim(floor_div(extent.symbolic(), static_cast<std::int64_t>(inverse)));
  return {};
}

// Where not all extents of X are known.
Result<ir::Shape> symbolic_shape(const Attributes& attributes, const Options& options,
                                 const ir::Shape& x, const Operands& operands) {
  ASSIGN_OR_RETURN(const auto axes, resized_axes(attributes, x.size()));
  ir::Shape shape = x;
  if (operands.scales != nullptr)
    RETURN_IF_ERROR(require_count("scales", operands.scales->num_elements(), axes.size()));
  if (operands.sizes != nullptr)
    RETURN_IF_ERROR(require_count("sizes", operands.sizes->num_elements(), axes.size()));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    ir::Dim& extent = shape[axes[i]];
    if (operands.scales != nullptr && options.coordinates != Coordinates::kTfCropAndResize) {
      ASSIGN_OR_RETURN(const double scale, read_scale(*operands.scales, i));
      if (extent.known()) {
        ASSIGN_OR_RETURN(extent, scaled_extent({.input = extent.value(), .scale = scale}));
      } else {
        extent = scale_extent(extent, scale);
      }
    } else if (operands.sizes != nullptr && options.policy == Policy::kStretch) {
      const std::int64_t size = operands.sizes->get_int64(static_cast<std::int64_t>(i));
      if (size < 0) return invalid_data("sizes has the value {}", size);
      extent = size;
    } else {
      extent = ir::Dim();
    }
  }
  return shape;
}

Result<Types> infer_resize(const InferContext& context) {
  const Attributes attributes = context.attributes();
  ASSIGN_OR_RETURN(const Options options, read_options(attributes));
  const ir::TensorType& x = context.input(kX);
  if (options.mode != Mode::kNearest && x.data_type == ir::DataType::kString)
    return unsupported("string cannot be interpolated");
  const Presence scales = presence(context, kScales);
  const Presence sizes = presence(context, kSizes);
  if (scales == Presence::kAbsent && sizes == Presence::kAbsent)
    return invalid_data("there are neither scales nor sizes");
  if (scales == Presence::kPresent && sizes == Presence::kPresent)
    return invalid_data("there are both scales and sizes");
  const bool crops = options.coordinates == Coordinates::kTfCropAndResize;
  if (crops && presence(context, kRoi) == Presence::kAbsent)
    return invalid_data("roi is missing, which tf_crop_and_resize needs");
  if (!x.shape) return std::vector{x};
  const Operands operands{crops ? find_constant(context, kRoi) : nullptr,
                          find_constant(context, kScales), find_constant(context, kSizes)};
  const auto dims = ir::known_dims(*x.shape);
  const bool decided = dims && (operands.sizes != nullptr || (operands.scales != nullptr &&
                                                              (!crops || operands.roi != nullptr)));
  if (!decided) {
    ASSIGN_OR_RETURN(ir::Shape shape, symbolic_shape(attributes, options, *x.shape, operands));
    return std::vector{ir::TensorType{x.data_type, std::move(shape)}};
  }
  ASSIGN_OR_RETURN(const auto axes, resolve_axes(attributes, options, *dims, operands));
  Dims output;
  for (const Axis& axis : axes) output.push_back(axis.output);
  return std::vector{ir::TensorType{x.data_type, ir::make_shape(output)}};
}

// Where element `x` of the output lies in the input.
double original_coordinate(Coordinates coordinates, const Axis& axis, std::int64_t resized) {
  const auto x = static_cast<double>(resized);
  const auto length_original = static_cast<double>(axis.input);
  const auto length_resized = static_cast<double>(axis.output);
  const double half_pixel = (x + 0.5) / axis.scale - 0.5;
  switch (coordinates) {
    case Coordinates::kHalfPixel:
      return half_pixel;
    case Coordinates::kHalfPixelSymmetric: {
      const double adjustment = length_resized / (length_original * axis.scale);
      return length_original / 2 * (1 - adjustment) + half_pixel;
    }
    case Coordinates::kPytorchHalfPixel:
      return axis.output > 1 ? half_pixel : 0;
    case Coordinates::kAlignCorners: {
      // ONNX's tests take the length that a scale asks for, which need not be whole.
      const double wanted = length_original * axis.scale;
      return axis.output > 1 ? x * (length_original - 1) / (wanted - 1) : 0;
    }
    case Coordinates::kAsymmetric:
      return x / axis.scale;
    case Coordinates::kTfCropAndResize:
      break;
  }
  const double last = length_original - 1;
  if (axis.output <= 1) return 0.5 * (axis.roi_begin + axis.roi_end) * last;
  return axis.roi_begin * last + x * (axis.roi_end - axis.roi_begin) * last / (length_resized - 1);
}

// What one element of the output is made of along one axis: weights[j] of element first + j, where
// what lies outside stands for the nearest inside.
struct Taps {
  bool extrapolated = false;
  std::int64_t first = 0;
  std::vector<double> weights = {};
};

Taps nearest_tap(const Options& options, std::int64_t left, double ratio) {
  bool takes_right = ratio == 1;
  switch (options.rounding) {
    case Rounding::kPreferFloor:
      takes_right = ratio > 0.5;
      break;
    case Rounding::kPreferCeil:
      takes_right = ratio >= 0.5;
      break;
    case Rounding::kFloor:
      break;
    case Rounding::kCeil:
      takes_right = true;
      break;
  }
  return {.first = takes_right ? left + 1 : left, .weights = {1}};
}

Taps find_taps(const Options& options, const Axis& axis, std::int64_t resized) {
  const double x = original_coordinate(options.coordinates, axis, resized);
  if (options.coordinates == Coordinates::kTfCropAndResize &&
      !(x >= 0 && x <= static_cast<double>(axis.input - 1))) {
    return {.extrapolated = true};
  }
  // The element left of x, which is at a distance of more than 0 and at most 1.
  const auto left = static_cast<std::int64_t>(std::ceil(x)) - 1;
  const double ratio = x - static_cast<double>(left);
  if (options.mode == Mode::kNearest) return nearest_tap(options, left, ratio);

  const bool cubic = options.mode == Mode::kCubic;
  const double stretch = options.antialias ? std::min(axis.scale, 1.0) : 1.0;
  const auto reach = static_cast<std::int64_t>(std::floor((cubic ? -2 : -1) / stretch)) + 1;
  Taps taps{.first = left + reach};
  double sum = 0;
  for (std::int64_t i = reach; i < 2 - reach; ++i) {
    const double distance = (static_cast<double>(i) - ratio) * stretch;
    const bool inside = left + i >= 0 && left + i < axis.input;
    const double weight = options.exclude_outside && !inside ? 0
                          : cubic ? cubic_filter(distance, options.cubic_coeff_a)
                                  : std::max(0.0, 1 - std::abs(distance));
    taps.weights.push_back(weight);
    sum += weight;
  }
  if ((options.antialias || options.exclude_outside) && sum != 0)
    for (double& weight : taps.weights) weight /= sum;
  return taps;
}

std::int64_t clamp_index(std::int64_t index, std::int64_t extent) {
  return std::clamp<std::int64_t>(index, 0, extent - 1);
}

// Elements of any type, moved.
Result<ir::Tensor> take_nearest(const ir::Tensor& x, const Options& options,
                                const std::vector<Axis>& axes, const Dims& dims) {
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return y;
  constexpr std::int64_t kExtrapolated = -1;
  std::vector<Dims> sources(dims.size());  // by axis and index
  for (std::size_t d = 0; d < dims.size(); ++d) {
    for (std::int64_t i = 0; i < dims[d]; ++i) {
      const Taps taps = find_taps(options, axes[d], i);
      sources[d].push_back(taps.extrapolated ? kExtrapolated
                                             : clamp_index(taps.first, axes[d].input));
    }
  }
  const Dims strides = row_major_strides(x.dims());
  ElementCopier copier(x, y);
  Dims index(dims.size(), 0);
  for (std::int64_t to = 0; to < y.num_elements(); ++to) {
    std::int64_t from = 0;
    bool extrapolated = false;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      const std::int64_t source = sources[d][static_cast<std::size_t>(index[d])];
      extrapolated = extrapolated || source == kExtrapolated;
      from += source * strides[d];
    }
    if (!extrapolated) {
      copier.copy(from, to);
    } else if (ir::is_numeric(y.data_type())) {
      y.set_double(to, options.extrapolation_value);
    }
    next_index(index, dims);
  }
  return y;
}

// Resizes `values`, of extents `dims`, along one axis.
std::vector<double> interpolate_axis(const std::vector<double>& values, Dims& dims, std::size_t d,
                                     const Options& options, const Axis& axis) {
  const AxisView view = view_around(dims, d);
  dims[d] = axis.output;
  std::vector<double> result(static_cast<std::size_t>(product_of(dims)), 0.0);
  for (std::int64_t i = 0; i < axis.output; ++i) {
    const Taps taps = find_taps(options, axis, i);
    for (std::int64_t outer = 0; outer < view.outer; ++outer) {
      for (std::int64_t inner = 0; inner < view.inner; ++inner) {
        double sum = taps.extrapolated ? options.extrapolation_value : 0;
        for (std::size_t t = 0; t < taps.weights.size(); ++t) {
          const std::int64_t from =
              clamp_index(taps.first + static_cast<std::int64_t>(t), view.extent);
          if (taps.weights[t] == 0) continue;
          sum +=
              taps.weights[t] *
              values[static_cast<std::size_t>((outer * view.extent + from) * view.inner + inner)];
        }
        result[static_cast<std::size_t>((outer * axis.output + i) * view.inner + inner)] = sum;
      }
    }
  }
  return result;
}

Result<ir::Tensor> interpolate(const ir::Tensor& x, const Options& options,
                               const std::vector<Axis>& axes, const Dims& dims) {
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return y;
  std::vector<double> values(static_cast<std::size_t>(x.num_elements()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = x.get_double(static_cast<std::int64_t>(i));
  Dims extents = x.dims();
  // What shrinks goes first, so that nothing in between is larger than both ends.
  std::vector<std::size_t> order(axes.size());
  std::iota(order.begin(), order.end(), 0);
  const auto growth = [&](std::size_t d) {
    return static_cast<double>(axes[d].output) / static_cast<double>(axes[d].input);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return growth(a) < growth(b); });
  for (const std::size_t d : order) {
    const Axis& axis = axes[d];
    const bool whole = axis.roi_begin == 0 && axis.roi_end == 1;
    if (axis.scale == 1 && axis.input == axis.output && whole) continue;
    values = interpolate_axis(values, extents, d, options, axis);
  }
  // Integers are the nearest ones there are.
  const bool rounds = ir::is_integer(x.data_type()) || x.data_type() == ir::DataType::kBool;
  for (std::size_t i = 0; i < values.size(); ++i) {
    y.set_double(static_cast<std::int64_t>(i), rounds ? std::nearbyint(values[i]) : values[i]);
  }
  return y;
}

Result<ir::Tensor> resize_tensor(const ir::Tensor& x, const Options& options,
                                 const std::vector<Axis>& axes, const Dims& dims) {
  if (is_complex(x.data_type())) {
    ASSIGN_OR_RETURN(ComplexParts parts, split_complex(x));
    ASSIGN_OR_RETURN(parts.real, resize_tensor(parts.real, options, axes, dims));
    Options imaginary = options;
    imaginary.extrapolation_value = 0;
    ASSIGN_OR_RETURN(parts.imaginary, resize_tensor(parts.imaginary, imaginary, axes, dims));
    return join_complex(parts);
  }
  return options.mode == Mode::kNearest ? take_nearest(x, options, axes, dims)
                                        : interpolate(x, options, axes, dims);
}

Result<Values> evaluate_resize(const EvaluateContext& context) {
  const Attributes attributes = context.attributes();
  ASSIGN_OR_RETURN(const Options options, read_options(attributes));
  const auto find = [&](Input input) -> const ir::Tensor* {
    const bool there = context.has_input(input) && context.inputs[input].num_elements() > 0;
    return there ? &context.inputs[input] : nullptr;
  };
  const bool crops = options.coordinates == Coordinates::kTfCropAndResize;
  const ir::Tensor& x = context.inputs[kX];
  const Dims dims = require_dims(context.output_types[0]);
  const Operands operands{crops ? find(kRoi) : nullptr, find(kScales), find(kSizes)};
  ASSIGN_OR_RETURN(const auto axes, resolve_axes(attributes, options, x.dims(), operands));
  ASSIGN_OR_RETURN(ir::Tensor y, resize_tensor(x, options, axes, dims));
  return std::vector{std::move(y)};
}

}  // namespace
}  // namespace resize

// What is listed for each element of the output shall not be larger than what is computed.
constexpr std::int64_t kMostResized = 1 << 24;

Result<std::vector<ResizedAxis>> resized_axes(const ir::Node& node, const Dims& dims,
                                              const ir::Tensor* scales, const ir::Tensor* sizes) {
  const Attributes given = attributes(node);
  ASSIGN_OR_RETURN(const resize::Options options, resize::read_options(given));
  if (options.coordinates == resize::Coordinates::kTfCropAndResize)
    return unsupported("tf_crop_and_resize has values of its own outside of the input");
  ASSIGN_OR_RETURN(const auto axes,
                   resize::resolve_axes(given, options, dims, {nullptr, scales, sizes}));
  std::vector<ResizedAxis> result;
  for (const resize::Axis& axis : axes) {
    if (axis.input < 1 || axis.output < 1) return unsupported("an axis without elements");
    if (axis.output > kMostResized) return unsupported("an axis of {} elements", axis.output);
    ResizedAxis& made = result.emplace_back();
    made.unchanged = axis.scale == 1 && axis.input == axis.output;
    for (std::int64_t i = 0; i < axis.output; ++i) {
      const resize::Taps taps = made.unchanged ? resize::Taps{.first = i, .weights = {1}}
                                               : resize::find_taps(options, axis, i);
      made.taps = static_cast<std::int64_t>(taps.weights.size());
      for (std::int64_t t = 0; t < made.taps; ++t)
        made.indices.push_back(resize::clamp_index(taps.first + t, axis.input));
      made.weights.insert(made.weights.end(), taps.weights.begin(), taps.weights.end());
    }
  }
  return result;
}

OpDef define_Resize() {
  return {.name = "Resize",
          .infer = resize::infer_resize,
          .evaluate = resize::evaluate_resize,
          .operand_shapes = {{resize::kRoi, OperandShape::Rule::kVector},
                             {resize::kScales, OperandShape::Rule::kVector},
                             {resize::kSizes, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
