#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ops/attribute_word.h"
#include "ops/dispatch.h"
#include "ops/named_extents.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

enum class RoiMode { kAverage, kMax };
constexpr AttributeWord<RoiMode> kRoiModes[] = {{"avg", RoiMode::kAverage}, {"max", RoiMode::kMax}};

enum class RoiCoordinates { kHalfPixel, kOutputHalfPixel };
constexpr AttributeWord<RoiCoordinates> kRoiCoordinates[] = {
    {"half_pixel", RoiCoordinates::kHalfPixel},
    {"output_half_pixel", RoiCoordinates::kOutputHalfPixel}};

struct RoiAlignOptions {
  RoiMode mode;
  RoiCoordinates coordinates;
  std::int64_t height;
  std::int64_t width;
  std::int64_t sampling_ratio;
  float spatial_scale;
};

// Beyond it a file of a few bytes could ask for any amount of work.
constexpr std::int64_t kMostRoiSamples = 1024;

Result<RoiAlignOptions> read_roi_align_options(const Attributes& attributes) {
  RoiAlignOptions options{};
  ASSIGN_OR_RETURN(options.mode, find_word(attributes, "mode", kRoiModes));
  ASSIGN_OR_RETURN(options.coordinates,
                   find_word(attributes, "coordinate_transformation_mode", kRoiCoordinates));
  options.height = attributes.get_int("output_height");
  options.width = attributes.get_int("output_width");
  options.sampling_ratio = attributes.get_int("sampling_ratio");
  options.spatial_scale = attributes.get_float("spatial_scale");
  if (options.height < 1) return invalid_data("output_height is {}", options.height);
  if (options.width < 1) return invalid_data("output_width is {}", options.width);
  if (options.sampling_ratio < 0 || options.sampling_ratio > kMostRoiSamples) {
    return invalid_data("sampling_ratio is {}, expected 0 to {}", options.sampling_ratio,
                        kMostRoiSamples);
  }
  if (!std::isfinite(options.spatial_scale))
    return invalid_data("spatial_scale is {}", options.spatial_scale);
  return options;
}

Result<Types> infer_roi_align(const InferContext& context) {
  ASSIGN_OR_RETURN(const RoiAlignOptions options, read_roi_align_options(context.attributes()));
  NamedExtents extents(context);
  RETURN_IF_ERROR(extents.match(0, {"N", "C", "H", "W"}));
  RETURN_IF_ERROR(extents.match(1, {"num_rois", "4"}));
  RETURN_IF_ERROR(extents.match(2, {"num_rois"}));
  return std::vector{
      ir::TensorType{context.input(0).data_type,
                     ir::Shape{extents["num_rois"], extents["C"], options.height, options.width}}};
}

// One sample along one axis: between two elements of the input.
struct RoiSample {
  std::int64_t low = 0;
  std::int64_t high = 0;
  double low_weight = 0;
  double high_weight = 0;
};

// The samples of one output element along one axis.
struct RoiBin {
  std::vector<RoiSample> samples;  // those that are not outside of the input
  bool leaves_input = false;       // whether there are others
};

// One axis of a region, in the precision of the input.
template <typename T>
struct RoiAxis {
  T begin;
  T bin;               // extent of one output element in the input
  std::int64_t count;  // samples in one output element; none where the region is turned round
  std::int64_t extent;

  RoiAxis(const RoiAlignOptions& options, T from, T to, std::int64_t outputs, std::int64_t inputs)
      : extent(inputs) {
    const bool half_pixel = options.coordinates == RoiCoordinates::kHalfPixel;
    const T offset = half_pixel ? T(0.5) : T(0);
    const auto scale = static_cast<T>(options.spatial_scale);
    begin = from * scale - offset;
    T length = to * scale - offset - begin;
    if (!half_pixel) length = std::max(length, T(1));
    bin = length / static_cast<T>(outputs);
    count = options.sampling_ratio > 0 ? options.sampling_ratio
                                       : static_cast<std::int64_t>(std::max(std::ceil(bin), T(0)));
  }

  [[nodiscard]] RoiBin samples_of(std::int64_t output) const {
    RoiBin result;
    if (count == 0 || extent == 0) {
      result.leaves_input = count > 0;
      return result;
    }
    const T first = begin + static_cast<T>(output) * bin;
    const T step = bin / static_cast<T>(count);
    // Samples from -1 to `extent` count. Of a large region those are few, and lie together.
    std::int64_t next = 0;
    std::int64_t end = count;
    if (count > kMostRoiSamples) {
      const auto distance = static_cast<double>(first) + 1;
      const auto reach = static_cast<double>(extent) + 1;
      const auto at = [&](double x) {
        return std::clamp(x / static_cast<double>(step), 0.0, static_cast<double>(count));
      };
      next = std::max<std::int64_t>(static_cast<std::int64_t>(at(-distance)) - 2, 0);
      end = std::min(static_cast<std::int64_t>(at(reach - distance)) + 3, count);
    }
    result.leaves_input = next > 0 || end < count;
    for (; next < end; ++next) {
      const T place = first + (static_cast<T>(next) + T(0.5)) * bin / static_cast<T>(count);
      if (place >= T(-1) && place <= static_cast<T>(extent)) {
        result.samples.push_back(sample_at(place));
      } else {
        result.leaves_input = true;
      }
    }
    return result;
  }

 private:
  [[nodiscard]] RoiSample sample_at(T place) const {
    const T inside = std::max(place, T(0));
    const auto low = static_cast<std::int64_t>(inside);
    if (low >= extent - 1) return {extent - 1, extent - 1, 1, 0};
    const double ratio = static_cast<double>(inside) - static_cast<double>(low);
    return {low, low + 1, 1 - ratio, ratio};
  }
};

// Elements of one axis, and what the samples of one output element take of each.
using RoiTerms = std::vector<std::pair<std::int64_t, double>>;

RoiTerms sum_roi_samples(const RoiBin& bin) {
  RoiTerms terms;
  for (const RoiSample& sample : bin.samples) {
    terms.emplace_back(sample.low, sample.low_weight);
    terms.emplace_back(sample.high, sample.high_weight);
  }
  std::sort(terms.begin(), terms.end());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (kept > 0 && terms[kept - 1].first == terms[i].first) {
      terms[kept - 1].second += terms[i].second;
    } else if (terms[i].second != 0) {
      terms[kept++] = terms[i];
    }
  }
  terms.resize(kept);
  return terms;
}

// Between two elements, only the samples that are nearest to either can be the largest.
void drop_inner_roi_samples(RoiBin& bin) {
  std::vector<RoiSample>& samples = bin.samples;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool inner = i > 0 && i + 1 < samples.size() && samples[i - 1].low == samples[i].low &&
                       samples[i + 1].low == samples[i].low;
    if (!inner) samples[kept++] = samples[i];
  }
  samples.resize(kept);
}

// Of one element of the output: `image` is one channel of the input, with rows of this width.
template <typename T>
double roi_average(std::span<const T> image, std::int64_t width, const RoiTerms& rows,
                   const RoiTerms& columns) {
  double sum = 0;
  for (const auto& [row, row_weight] : rows) {
    for (const auto& [column, column_weight] : columns) {
      sum += row_weight * column_weight *
             static_cast<double>(image[static_cast<std::size_t>(row * width + column)]);
    }
  }
  return sum;
}

// A sample is the largest of the four elements around it, each times its weight: so ONNX's tests
// and ONNX Runtime have it. Samples outside of the input are 0.
template <typename T>
double roi_largest(std::span<const T> image, std::int64_t width, const RoiBin& rows,
                   const RoiBin& columns) {
  double largest = -std::numeric_limits<double>::infinity();
  if (rows.leaves_input || columns.leaves_input) largest = 0;
  for (const RoiSample& y : rows.samples) {
    for (const RoiSample& x : columns.samples) {
      const auto take = [&](std::int64_t row, std::int64_t column, double weight) {
        const auto element =
            static_cast<double>(image[static_cast<std::size_t>(row * width + column)]);
        largest = std::max(largest, weight * element);
      };
      take(y.low, x.low, y.low_weight * x.low_weight);
      take(y.low, x.high, y.low_weight * x.high_weight);
      take(y.high, x.low, y.high_weight * x.low_weight);
      take(y.high, x.high, y.high_weight * x.high_weight);
    }
  }
  return largest;
}

// One region of the output, from the channels of one image.
template <typename T>
void align_region(const RoiAlignOptions& options, const Dims& input, std::span<const T> images,
                  std::span<const T> region, std::span<T> out) {
  const std::int64_t width = input[3];
  const RoiAxis<T> y(options, region[1], region[3], options.height, input[2]);
  const RoiAxis<T> x(options, region[0], region[2], options.width, width);
  if (y.count == 0 || x.count == 0) return;
  const bool averages = options.mode == RoiMode::kAverage;
  std::vector<RoiBin> columns;
  std::vector<RoiTerms> column_terms;
  for (std::int64_t i = 0; i < options.width; ++i) {
    columns.push_back(x.samples_of(i));
    if (averages) column_terms.push_back(sum_roi_samples(columns.back()));
    drop_inner_roi_samples(columns.back());
  }
  const double count = static_cast<double>(y.count) * static_cast<double>(x.count);
  const auto plane = static_cast<std::size_t>(input[2] * width);
  for (std::int64_t i = 0; i < options.height; ++i) {
    RoiBin rows = y.samples_of(i);
    const RoiTerms row_terms = sum_roi_samples(rows);
    drop_inner_roi_samples(rows);
    for (std::size_t channel = 0; channel < static_cast<std::size_t>(input[1]); ++channel) {
      const auto image = images.subspan(channel * plane, plane);
      T* line =
          &out[(channel * static_cast<std::size_t>(options.height) + static_cast<std::size_t>(i)) *
               static_cast<std::size_t>(options.width)];
      for (std::size_t j = 0; j < columns.size(); ++j) {
        line[j] =
            static_cast<T>(averages ? roi_average(image, width, row_terms, column_terms[j]) / count
                                    : roi_largest(image, width, rows, columns[j]));
      }
    }
  }
}

// What is farther away than any image is large would be work without end.
Status check_roi_places(const ir::Tensor& regions, const RoiAlignOptions& options) {
  for (std::int64_t i = 0; i < regions.num_elements(); ++i) {
    constexpr double kFarthest = 0x1p31;
    const double place = regions.get_double(i);
    if (!(std::abs(place * static_cast<double>(options.spatial_scale)) <= kFarthest))
      return invalid_data("rois has the value {}, which is in no image", place);
  }
  return {};
}

Result<Values> evaluate_roi_align(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const RoiAlignOptions options, read_roi_align_options(context.attributes()));
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& regions = context.inputs[1];
  const auto batches = context.inputs[2].data<std::int64_t>();
  RETURN_IF_ERROR(check_roi_places(regions, options));
  for (const std::int64_t batch : batches) {
    if (batch < 0 || batch >= x.dim(0))
      return invalid_data("batch_indices has the value {}, expected 0 to {}", batch, x.dim(0) - 1);
  }
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto size = static_cast<std::size_t>(product_of(std::span(x.dims()).subspan(1)));
    const std::size_t made = static_cast<std::size_t>(y.num_elements()) / batches.size();
    for (std::size_t r = 0; r < batches.size(); ++r) {
      const auto images = x.data<T>().subspan(static_cast<std::size_t>(batches[r]) * size, size);
      align_region<T>(options, x.dims(), images, regions.data<T>().subspan(r * 4, 4),
                      y.mutable_data<T>().subspan(r * made, made));
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_RoiAlign() {
  return {.name = "RoiAlign", .infer = infer_roi_align, .evaluate = evaluate_roi_align};
}

}  // namespace lathe::ops
