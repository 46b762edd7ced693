#include <algorithm>

#include "ops/dispatch.h"
#include "ops/fourier_transform.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

enum DftInput : std::size_t { kDftSignal, kDftLength, kDftAxis };

constexpr std::int64_t kDefaultDftAxis = -2;

struct DftKind {
  bool inverse;
  bool onesided;

  explicit DftKind(const Attributes& attributes)
      : inverse(attributes.get_bool("inverse")), onesided(attributes.get_bool("onesided")) {}

  // From half of a spectrum to the real signal.
  [[nodiscard]] bool makes_real() const { return inverse && onesided; }
  // From a real signal to half of its spectrum.
  [[nodiscard]] bool makes_half() const { return !inverse && onesided; }
};

// The last axis of a signal holds real numbers, or real and imaginary parts.
Result<std::size_t> signal_axis(std::int64_t axis, std::size_t rank) {
  ASSIGN_OR_RETURN(const std::size_t normal, normalize_axis(axis, rank));
  if (normal + 1 == rank)
    return invalid_data("axis {} is that of real and imaginary parts, not of the signal", axis);
  return normal;
}

Status check_dft_signal(const InferContext& context, const DftKind& kind, const ir::Shape& shape) {
  const std::string place = context.place(kDftSignal);
  if (shape.size() < 2) {
    return invalid_data("{} has shape {}, expected [signal...,1] or [signal...,2]", place,
                        ir::to_string(shape));
  }
  const ir::Dim& parts = shape.back();
  if (!parts.known()) return {};
  if (parts.value() != 1 && parts.value() != 2) {
    return invalid_data("{} has shape {}, expected a last extent of 1 (real) or 2 (complex)", place,
                        ir::to_string(shape));
  }
  if (kind.makes_half() && parts.value() != 1)
    return invalid_data("{} is complex: with onesided=1 only real signals are transformed", place);
  if (kind.makes_real() && parts.value() != 2) {
    return invalid_data("{} is real: with inverse=1 and onesided=1 only complex spectra are",
                        place);
  }
  return {};
}

// How many points are transformed along an axis of this extent.
Result<ir::SymInt> transform_length(const InferContext& context, const DftKind& kind,
                                    const ir::SymInt& extent) {
  ir::SymInt length = kind.makes_real() ? 2 * (extent - 1) : extent;
  if (context.has_input(kDftLength)) {
    const ir::Tensor* given = context.constant(kDftLength);
    length = given == nullptr ? ir::SymInt::data_dependent() : ir::SymInt(given->get_int64(0));
  }
  if (const auto& number = length.number();
      number && (*number < 1 || *number > FourierTransform::kMostPoints)) {
    return invalid_data("dft_length is {}, expected 1 to {}", *number,
                        FourierTransform::kMostPoints);
  }
  return length;
}

Result<Types> infer_dft(const InferContext& context) {
  const DftKind kind(context.attributes());
  ir::TensorType type = context.input(kDftSignal);
  if (!type.shape) return std::vector{type};
  ir::Shape& shape = *type.shape;
  RETURN_IF_ERROR(check_dft_signal(context, kind, shape));
  shape.back() = kind.makes_real() ? 1 : 2;
  const ir::Tensor* axis = context.has_input(kDftAxis) ? context.constant(kDftAxis) : nullptr;
  if (axis == nullptr && context.has_input(kDftAxis)) {
    const bool keeps_extents = !context.has_input(kDftLength) && !kind.onesided;
    for (std::size_t i = 0; !keeps_extents && i + 1 < shape.size(); ++i)
      shape[i] = ir::Dim(ir::SymInt::data_dependent());
    return std::vector{type};
  }
  ASSIGN_OR_RETURN(
      const std::size_t transformed,
      signal_axis(axis == nullptr ? kDefaultDftAxis : axis->get_int64(0), shape.size()));
  ir::Dim& extent = shape[transformed];
  ASSIGN_OR_RETURN(const ir::SymInt length, transform_length(context, kind, extent.symbolic()));
  extent = ir::Dim(kind.makes_half() ? floor_div(length, 2) + 1 : length);
  return std::vector{type};
}

// Fills the other half of a spectrum of a real signal.
void mirror_spectrum(std::span<FourierTransform::Complex> points) {
  for (std::size_t k = 1; 2 * k < points.size(); ++k)
    points[points.size() - k] = std::conj(points[k]);
}

Result<Values> evaluate_dft(const EvaluateContext& context) {
  const DftKind kind(context.attributes());
  const ir::Tensor& x = context.inputs[kDftSignal];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  ASSIGN_OR_RETURN(const std::size_t axis,
                   signal_axis(context.has_input(kDftAxis) ? context.inputs[kDftAxis].get_int64(0)
                                                           : kDefaultDftAxis,
                               x.rank()));
  const AxisView from = view_around(std::span(x.dims()).first(x.rank() - 1), axis);
  const AxisView to = view_around(std::span(dims).first(dims.size() - 1), axis);
  std::int64_t length = kind.makes_real() ? 2 * (from.extent - 1) : from.extent;
  if (context.has_input(kDftLength)) length = context.inputs[kDftLength].get_int64(0);
  ASSIGN_OR_RETURN(FourierTransform transform, FourierTransform::create(length));
  // What is shorter than `length` is padded with zeros, what is longer is cut.
  const std::int64_t read = std::min(from.extent, kind.makes_real() ? length / 2 + 1 : length);
  const double scale = kind.inverse ? 1 / static_cast<double>(length) : 1;
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::int64_t line = 0; line < from.outer * from.inner; ++line) {
      const std::int64_t outer = line / from.inner;
      const std::int64_t inner = line % from.inner;
      const std::span<FourierTransform::Complex> points = transform.points();
      std::fill(points.begin(), points.end(), FourierTransform::Complex{});
      for (std::int64_t i = 0; i < read; ++i) {
        points[static_cast<std::size_t>(i)] =
            complex_at(in, (outer * from.extent + i) * from.inner + inner, x.dims().back());
      }
      if (kind.makes_real()) mirror_spectrum(points);
      transform.run(kind.inverse);
      for (std::int64_t i = 0; i < to.extent; ++i) {
        const FourierTransform::Complex value =
            transform.points()[static_cast<std::size_t>(i)] * scale;
        const std::int64_t at = (outer * to.extent + i) * to.inner + inner;
        if (kind.makes_real()) {
          out[static_cast<std::size_t>(at)] = static_cast<T>(value.real());
        } else {
          put_complex(out, at, value);
        }
      }
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_DFT() {
  return {.name = "DFT",
          .infer = infer_dft,
          .evaluate = evaluate_dft,
          .operand_shapes = {{kDftLength, OperandShape::Rule::kOneElement},
                             {kDftAxis, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
