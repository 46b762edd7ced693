#include <algorithm>

#include "ops/dispatch.h"
#include "ops/fourier_transform.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

enum StftInput : std::size_t { kStftSignal, kStftStep, kStftWindow, kStftLength };

// A scalar of 1 or more; unknown where it is not a constant.
Result<ir::SymInt> positive_scalar(const InferContext& context, StftInput input) {
  const ir::Tensor* given = context.constant(input);
  if (given == nullptr) return ir::SymInt::data_dependent();
  const std::int64_t value = given->get_int64(0);
  if (value < 1) return invalid_data("{} is {}, expected 1 or more", context.place(input), value);
  return ir::SymInt(value);
}

Status check_stft_signal(const InferContext& context, bool onesided) {
  const auto& shape = context.input(kStftSignal).shape;
  if (!shape) return {};
  const std::string place = context.place(kStftSignal);
  const bool fits = shape->size() == 3 && (!(*shape)[2].known() || (*shape)[2] == ir::Dim(1) ||
                                           (*shape)[2] == ir::Dim(2));
  if (!fits) {
    return invalid_data("{} has shape {}, expected [batch,length,1] or [batch,length,2]", place,
                        ir::to_string(*shape));
  }
  if (onesided && (*shape)[2] == ir::Dim(2)) {
    return invalid_data(
        "{} is complex: with onesided=1 (the default) only real signals are transformed", place);
  }
  return {};
}

// frame_length, or else the window's length, or else the signal's.
Result<ir::SymInt> frame_length_of(const InferContext& context, const ir::SymInt& signal) {
  ir::SymInt window;
  if (context.has_input(kStftWindow)) {
    const auto& shape = context.input(kStftWindow).shape;
    if (shape) window = shape->front().symbolic();
    if (!context.has_input(kStftLength)) return window;
  }
  if (!context.has_input(kStftLength)) return signal;
  ASSIGN_OR_RETURN(const ir::SymInt length, positive_scalar(context, kStftLength));
  if (length.is_number() && window.is_number() && length != window) {
    return invalid_data("{} is {}, but the window has {} elements", context.place(kStftLength),
                        length.to_string(), window.to_string());
  }
  return length.is_number() || !window.is_number() ? length : window;
}

// [batch, frames, bins, 2].
Result<Types> infer_stft(const InferContext& context) {
  const bool onesided = context.attributes().get_bool("onesided");
  RETURN_IF_ERROR(check_stft_signal(context, onesided));
  const ir::TensorType& signal = context.input(kStftSignal);
  const ir::Dim batch = signal.shape ? (*signal.shape)[0] : ir::Dim();
  const ir::SymInt points = signal.shape ? (*signal.shape)[1].symbolic() : ir::SymInt();
  ASSIGN_OR_RETURN(const ir::SymInt step, positive_scalar(context, kStftStep));
  ASSIGN_OR_RETURN(const ir::SymInt length, frame_length_of(context, points));
  if (const auto& number = length.number();
      number && (*number < 1 || *number > FourierTransform::kMostPoints)) {
    return invalid_data("frames have {} elements, expected 1 to {}", *number,
                        FourierTransform::kMostPoints);
  }
  if (length.is_number() && points.is_number() && *length.number() > *points.number()) {
    return invalid_data("frames have {} elements, more than the signal, which has {}",
                        *length.number(), *points.number());
  }
  const ir::Dim frames(floor_div(points - length, step) + 1);
  const ir::Dim bins(onesided ? floor_div(length, 2) + 1 : length);
  return std::vector{ir::TensorType{signal.data_type, ir::Shape{batch, frames, bins, 2}}};
}

Result<Values> evaluate_stft(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[kStftSignal];
  const std::int64_t step = context.inputs[kStftStep].get_int64(0);
  const ir::Tensor* window =
      context.has_input(kStftWindow) ? &context.inputs[kStftWindow] : nullptr;
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  std::int64_t length = window != nullptr ? window->dim(0) : x.dim(1);
  if (context.has_input(kStftLength)) length = context.inputs[kStftLength].get_int64(0);
  ASSIGN_OR_RETURN(FourierTransform transform, FourierTransform::create(length));
  const std::int64_t frames = dims[1];
  const std::int64_t bins = dims[2];
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::int64_t frame = 0; frame < dims[0] * frames; ++frame) {
      const std::int64_t first = frame / frames * x.dim(1) + frame % frames * step;
      const std::span<FourierTransform::Complex> points = transform.points();
      for (std::int64_t i = 0; i < length; ++i) {
        const auto at = static_cast<std::size_t>(i);
        points[at] = complex_at(in, first + i, x.dim(2));
        if (window != nullptr) points[at] *= static_cast<double>(window->data<T>()[at]);
      }
      transform.run();
      for (std::int64_t i = 0; i < bins; ++i)
        put_complex(out, frame * bins + i, transform.points()[static_cast<std::size_t>(i)]);
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_STFT() {
  return {.name = "STFT",
          .infer = infer_stft,
          .evaluate = evaluate_stft,
          .operand_shapes = {{kStftStep, OperandShape::Rule::kOneElement},
                             {kStftWindow, OperandShape::Rule::kVector},
                             {kStftLength, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
