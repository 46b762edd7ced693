#include <algorithm>
#include <cmath>

#include "ops/output_type.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

enum MelInput : std::size_t { kMelBins, kMelDftLength, kMelSampleRate, kMelLower, kMelUpper };

Result<Types> infer_mel_weight_matrix(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, output_type(context, "output_datatype"));
  const auto check_least = [&](MelInput input, std::int64_t least) -> Status {
    const ir::Tensor* given = context.constant(input);
    if (given == nullptr || given->get_int64(0) >= least) return {};
    return invalid_data("{} is {}, expected at least {}", context.place(input), given->get_int64(0),
                        least);
  };
  RETURN_IF_ERROR(check_least(kMelBins, 0));
  RETURN_IF_ERROR(check_least(kMelDftLength, 0));
  RETURN_IF_ERROR(check_least(kMelSampleRate, 1));
  ir::Shape shape(2, ir::Dim(ir::SymInt::data_dependent()));
  if (const ir::Tensor* length = context.constant(kMelDftLength))
    shape[0] = length->get_int64(0) / 2 + 1;
  if (const ir::Tensor* bins = context.constant(kMelBins)) shape[1] = bins->get_int64(0);
  return std::vector{ir::TensorType{type, std::move(shape)}};
}

double hertz_to_mel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double mel_to_hertz(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

// Triangles of height 1 whose corners lie at equal distances on the mel scale, each in the
// spectrum's bin that its frequency falls into. Corners are num_mel_bins + 2; the specification
// does not say how far the last one is from the upper edge: one distance, as in ONNX Runtime.
class MelTriangles {
 public:
  static Result<MelTriangles> create(const EvaluateContext& context) {
    MelTriangles made;
    const double lower = context.inputs[kMelLower].get_double(0);
    const double upper = context.inputs[kMelUpper].get_double(0);
    const auto dft_length = static_cast<double>(context.inputs[kMelDftLength].get_int64(0));
    const std::int64_t rate = context.inputs[kMelSampleRate].get_int64(0);
    made.bins_per_hertz_ = (dft_length + 1) / static_cast<double>(rate);
    if (!(lower >= 0)) return invalid_data("lower_edge_hertz is {}, expected 0 or more", lower);
    if (!(upper >= lower))
      return invalid_data("upper_edge_hertz is {}, below lower_edge_hertz {}", upper, lower);
    if (!(std::floor(upper * made.bins_per_hertz_) < std::floor(dft_length / 2) + 1)) {
      return invalid_data(
          "upper_edge_hertz is {}, beyond the spectrum of dft_length {} at sample_rate {}", upper,
          dft_length, rate);
    }
    made.upper_ = upper;
    made.low_ = hertz_to_mel(lower);
    const auto corners = static_cast<double>(context.inputs[kMelBins].get_int64(0)) + 2;
    made.distance_ = (hertz_to_mel(upper) - made.low_) / corners;
    return made;
  }

  [[nodiscard]] std::int64_t corner(std::int64_t i) const {
    const double hertz = mel_to_hertz(low_ + static_cast<double>(i) * distance_);
    return static_cast<std::int64_t>(std::floor(std::clamp(hertz, 0.0, upper_) * bins_per_hertz_));
  }

 private:
  double low_ = 0;       // mel
  double distance_ = 0;  // mel
  double upper_ = 0;     // hertz
  double bins_per_hertz_ = 0;
};

Result<Values> evaluate_mel_weight_matrix(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const MelTriangles triangles, MelTriangles::create(context));
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(context.output_types[0].data_type, dims));
  for (std::int64_t mel = 0; mel < dims[1]; ++mel) {
    const std::int64_t left = triangles.corner(mel);
    const std::int64_t center = triangles.corner(mel + 1);
    const std::int64_t right = triangles.corner(mel + 2);
    const auto set = [&](std::int64_t bin, std::int64_t part, std::int64_t whole) {
      y.set_double(bin * dims[1] + mel, static_cast<double>(part) / static_cast<double>(whole));
    };
    for (std::int64_t bin = left; bin < center; ++bin) set(bin, bin - left, center - left);
    set(center, 1, 1);
    for (std::int64_t bin = center + 1; bin < right; ++bin) set(bin, right - bin, right - center);
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_MelWeightMatrix() {
  constexpr auto kOne = OperandShape::Rule::kOneElement;
  return {.name = "MelWeightMatrix",
          .infer = infer_mel_weight_matrix,
          .evaluate = evaluate_mel_weight_matrix,
          .operand_shapes = {{kMelBins, kOne},
                             {kMelDftLength, kOne},
                             {kMelSampleRate, kOne},
                             {kMelLower, kOne},
                             {kMelUpper, kOne}}};
}

}  // namespace lathe::ops
