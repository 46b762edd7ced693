// QLinearAveragePool and QLinearGlobalAveragePool of the contributed operators of ONNX Runtime.
#include "ops/pooling.h"
#include "ops/quantized.h"

namespace lathe::ops {
namespace {

// Inputs of both: X, x_scale, x_zero_point, y_scale, y_zero_point. The int32 sum of (x - x_zero)
// over a window is requantized with float32((x_scale / y_scale) / float32(count)). channels_last=1
// says that channels are the last axis of X and Y.

Dims channels_moved(const Dims& dims, bool to_second) {
  Dims moved = dims;
  if (to_second) {
    std::rotate(moved.begin() + 1, moved.end() - 1, moved.end());
  } else {
    std::rotate(moved.begin() + 1, moved.begin() + 2, moved.end());
  }
  return moved;
}

// The offset, where channels are last, of an element whose offset is `at` where they are second.
std::size_t offset_of(std::size_t at, const Dims& dims, bool channels_last) {
  if (!channels_last) return at;
  const auto pixels = static_cast<std::size_t>(product_of(std::span(dims).subspan(2)));
  const auto channels = static_cast<std::size_t>(dims[1]);
  const std::size_t image = at / (channels * pixels);
  const std::size_t channel = at / pixels % channels;
  return (image * pixels + at % pixels) * channels + channel;
}

// Extents of X with channels second.
ir::TensorType channels_second(const InferContext& context) {
  ir::TensorType x = context.input(0);
  if (x.shape && x.shape->size() > 2 && context.attributes().get_bool("channels_last"))
    std::rotate(x.shape->begin() + 1, x.shape->end() - 1, x.shape->end());
  return x;
}

Result<Types> result_of(const InferContext& context, std::optional<ir::Shape> shape) {
  if (shape && context.attributes().get_bool("channels_last"))
    std::rotate(shape->begin() + 1, shape->begin() + 2, shape->end());
  const std::size_t like = context.has_input(4) ? 4 : 0;
  return std::vector{ir::TensorType{context.input(like).data_type, std::move(shape)}};
}

Result<Types> infer_global(const InferContext& context) {
  ir::TensorType x = channels_second(context);
  if (x.shape) {
    if (x.shape->size() < 3) return invalid_data("input has no spatial axes");
    for (std::size_t i = 2; i < x.shape->size(); ++i) {
      if ((*x.shape)[i] == ir::Dim(0)) return invalid_data("spatial extent is 0");
      (*x.shape)[i] = 1;
    }
  }
  return result_of(context, std::move(x.shape));
}

Result<Types> infer_average(const InferContext& context) {
  const ir::TensorType x = channels_second(context);
  if (!x.shape) return result_of(context, std::nullopt);
  if (x.shape->size() < 3) return invalid_data("input has no spatial axes");
  const auto spatial = std::span(*x.shape).subspan(2);
  ASSIGN_OR_RETURN(const Dims kernel, required_kernel_shape(context.node(), spatial.size()));
  ASSIGN_OR_RETURN(const Window window, resolve_window(context.node(), kernel, spatial));
  ASSIGN_OR_RETURN(ir::Shape shape,
                   window_output_shape(window, *x.shape, (*x.shape)[1],
                                       context.attributes().get_bool("ceil_mode")));
  return result_of(context, std::move(shape));
}

// The mean of each window; `counts_padding` as count_include_pad.
Result<Values> evaluate_mean(const EvaluateContext& context, const Dims& in, const Window& window,
                             bool counts_padding) {
  const bool last = context.attributes().get_bool("channels_last");
  const auto [x_scale, x_zero] = scalar_parameters(context, 1);
  const auto [y_scale, y_zero] = scalar_parameters(context, 3);
  const float ratio = x_scale / y_scale;
  const std::int32_t x_zero_point = x_zero;
  const std::int32_t y_zero_point = y_zero;
  const ir::DataType type = context.output_types[0].data_type;
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(type, dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const Dims out_dims = last ? channels_moved(dims, true) : dims;
  const std::vector<std::int32_t> values = widen(context.inputs[0]);
  const QuantizedRange range = quantized_range(type);
  auto out = y.mutable_bytes();
  std::uint32_t sum = 0;  // int32 arithmetic that may wrap
  std::int64_t count = 0;
  for_each_window(
      in, out_dims, window,
      [&] {
        sum = 0;
        count = 0;
      },
      [&](std::size_t i, bool inside, bool padded) {
        if (inside)
          sum += static_cast<std::uint32_t>(values[offset_of(i, in, last)] - x_zero_point);
        if (inside || (counts_padding && padded)) ++count;
      },
      [&](std::size_t o) {
        const float multiplier = count > 0 ? ratio / static_cast<float>(count) : 0.0F;
        out[offset_of(o, out_dims, last)] = static_cast<std::byte>(
            requantize(static_cast<std::int32_t>(sum), multiplier, y_zero_point, range));
      });
  return std::vector{std::move(y)};
}

Dims input_dims(const EvaluateContext& context) {
  const Dims& dims = context.inputs[0].dims();
  return context.attributes().get_bool("channels_last") ? channels_moved(dims, true) : dims;
}

Result<Values> evaluate_global(const EvaluateContext& context) {
  const Dims in = input_dims(context);
  Window whole;
  whole.kernel = Dims(in.begin() + 2, in.end());
  whole.strides = whole.dilations = Dims(whole.kernel.size(), 1);
  whole.pads_begin = whole.pads_end = Dims(whole.kernel.size(), 0);
  return evaluate_mean(context, in, whole, false);
}

Result<Values> evaluate_average(const EvaluateContext& context) {
  const Dims in = input_dims(context);
  ASSIGN_OR_RETURN(const Dims kernel, required_kernel_shape(context.node, in.size() - 2));
  const ir::Shape spatial = ir::make_shape(std::span(in).subspan(2));
  ASSIGN_OR_RETURN(const Window window, resolve_window(context.node, kernel, spatial));
  return evaluate_mean(context, in, window, context.attributes().get_bool("count_include_pad"));
}

}  // namespace

OpDef define_QLinearAveragePool() {
  return qlinear_of_one("QLinearAveragePool", infer_average, evaluate_average);
}

OpDef define_QLinearGlobalAveragePool() {
  return qlinear_of_one("QLinearGlobalAveragePool", infer_global, evaluate_global);
}

}  // namespace lathe::ops
