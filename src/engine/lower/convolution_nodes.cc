// Conv, QLinearConv and QConv.
#include <cmath>

#include "engine/lower/convolution_step.h"
#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"
#include "ops/attributes.h"
#include "ops/convolution.h"

namespace lathe::engine {
namespace {

std::span<const float> float_bias(const ir::Graph& graph, ir::ValueId value) {
  const ir::Tensor* tensor = graph.constant(value);
  return tensor == nullptr ? std::span<const float>{} : tensor->data<float>();
}

bool is_float_constant(const ir::Graph& graph, ir::ValueId value) {
  const ir::Tensor* tensor = graph.constant(value);
  return tensor != nullptr && tensor->data_type() == ir::DataType::kFloat32;
}

}  // namespace

std::optional<kernels::ConvolutionShape> convolution_shape(const ir::Graph& graph,
                                                           const ir::Node& node, ir::ValueId input,
                                                           ir::ValueId weights) {
  const auto x = dims_of(graph, input);
  const auto w = dims_of(graph, weights);
  if (x.size() != 3 && x.size() != 4) return std::nullopt;
  const ops::Dims kernel(w.begin() + 2, w.end());
  const ir::Shape spatial = ir::make_shape(std::span(x).subspan(2));
  const auto window = ops::resolve_window(node, kernel, spatial);
  if (!window.ok()) return std::nullopt;
  // One spatial axis is an image of one row.
  const bool two = x.size() == 4;
  const std::size_t last = two ? 1 : 0;
  const auto rows = [&](const std::vector<std::int64_t>& v, std::int64_t one) {
    return two ? v[0] : one;
  };
  const auto out = [&](std::size_t axis, std::int64_t extent) {
    return ops::window_output_extent(*window, axis, extent, false).value_or(0);
  };
  kernels::ConvolutionShape shape;
  shape.batch = x[0];
  shape.in_c = x[1];
  shape.in_h = two ? x[2] : 1;
  shape.in_w = x.back();
  shape.out_c = w[0];
  shape.out_h = two ? out(0, x[2]) : 1;
  shape.out_w = out(last, x.back());
  shape.kernel_h = rows(kernel, 1);
  shape.kernel_w = kernel[last];
  shape.stride_h = rows(window->strides, 1);
  shape.stride_w = window->strides[last];
  shape.dilation_h = rows(window->dilations, 1);
  shape.dilation_w = window->dilations[last];
  shape.pad_top = rows(window->pads_begin, 0);
  shape.pad_left = window->pads_begin[last];
  shape.groups = ops::attributes(node).get_int("group");
  if (!shape.valid()) return std::nullopt;
  return shape;
}

bool fits_conv(const ir::Graph& graph, const ir::Node& node) {
  return float_storage(graph, node.input(0)) && is_float_constant(graph, node.input(1)) &&
         (node.input(2) == ir::kNoValue || is_float_constant(graph, node.input(2))) &&
         convolution_shape(graph, node, node.input(0), node.input(1));
}

void lower_conv(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Graph& graph = builder.graph();
  const ir::Node& node = op.main;
  const auto shape = *convolution_shape(graph, node, node.input(0), node.input(1));
  add_convolution_f32(builder, op, shape, {shape.groups}, [&] {
    return kernels::WeightsF32{graph.constant(node.input(1))->data<float>(),
                               float_bias(graph, node.input(2))};
  });
}

namespace {

// Operands 0 to 5 of a QLinearConv or QConv, and its bias in slot `bias`, as kernels take them.
bool is_integer_convolution(const ir::Graph& graph, const ir::Node& node, std::size_t bias) {
  const ir::Tensor* w_scale = graph.constant(node.input(4));
  const ir::Tensor* weights = graph.constant(node.input(3));
  const bool bias_known =
      node.input(bias) == ir::kNoValue || graph.constant(node.input(bias)) != nullptr;
  return bias_known && weights != nullptr && weights->data_type() == ir::DataType::kInt8 &&
         w_scale != nullptr && w_scale->data_type() == ir::DataType::kFloat32 &&
         is_zero(graph, node.input(5)) &&
         quantized_tensor(graph, node, 1, graph.tensor_type(node.input(0)).data_type) &&
         convolution_shape(graph, node, node.input(0), node.input(3));
}

kernels::DequantizeLinearProblem input_in_float(const kernels::ConvolutionInt8Problem& problem,
                                                float scale) {
  const kernels::ConvolutionShape& s = problem.shape;
  return {scale, problem.input, s.batch * s.in_h * s.in_w * s.in_c};
}
kernels::QuantizeLinearProblem output_in_bytes(const kernels::ConvolutionInt8Problem& problem,
                                               float scale) {
  return {scale, problem.output, problem.shape.out_pixels() * problem.shape.out_c};
}

bool is_positive(float scale) { return scale > 0 && std::isfinite(scale); }

// Whether this machine computes a layer faster in float32, with its input made that and its result
// quantized: where it lacks products of bytes, and float32 has Winograd's. Measured, or not known;
// scales and zero points change nothing about it.
bool gains_by_float(const PlanBuilder& builder, const ops::FusedOperator& op,
                    const kernels::ConvolutionInt8Problem& problem, float x_scale,
                    const std::optional<QuantizedTensor>& y) {
  if (builder.tuner() == nullptr || !is_positive(x_scale) || (y && !is_positive(y->scale)))
    return false;
  const auto typical = std::get<kernels::ConvolutionInt8Problem>(builder.typical(op, problem));
  const kernels::ConvolutionInt8Problem plain{.shape = typical.shape,
                                              .input = {typical.input.is_signed, 0},
                                              .float_output = typical.float_output};
  std::vector<kernels::Problem> parts{input_in_float(plain, 1),
                                      kernels::ConvolutionF32Problem{typical.shape, {}}};
  if (y) parts.emplace_back(output_in_bytes(plain, 1));
  return builder.tuner()->gains_by_parts(plain, parts);
}

// The layer as DequantizeLinear, Conv and QuantizeLinear.
void add_float_convolution(PlanBuilder& builder, const ops::FusedOperator& op, std::size_t bias,
                           const kernels::ConvolutionInt8Problem& problem, float x_scale,
                           const std::optional<QuantizedTensor>& y) {
  const ir::Graph& graph = builder.graph();
  const ir::Node& node = op.main;
  const kernels::ConvolutionShape& shape = problem.shape;
  const SlotId input = builder.define_between(node.input(0), ir::DataType::kFloat32);
  builder.add_step(op, input_in_float(problem, x_scale), {builder.slot(node.input(0))}, input);
  const SlotId product = y ? builder.define_between(node.output(), ir::DataType::kFloat32)
                           : builder.define(node.output());
  kernels::ConvolutionF32Problem in_float{shape, {}};
  if (y) {
    in_float.clamp.min = static_cast<float>(problem.min - y->activation.zero_point) * y->scale;
    in_float.clamp.max = static_cast<float>(problem.max - y->activation.zero_point) * y->scale;
  }
  std::vector<float> weights;
  std::vector<float> offsets;
  builder.add_step(op, in_float, {input}, product, packing_key(node, 3, {shape.groups}), [&] {
    const auto scales = multipliers(1, *graph.constant(node.input(4)), shape.out_c, std::nullopt);
    const auto whole = graph.constant(node.input(3))->data<std::int8_t>();
    const std::size_t each = whole.size() / scales.size();
    weights.resize(whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i)
      weights[i] = static_cast<float>(whole[i]) * scales[i / each];
    const auto whole_bias = int32_bias(graph, node.input(bias));
    offsets.resize(whole_bias.size());
    for (std::size_t c = 0; c < offsets.size(); ++c)
      offsets[c] = static_cast<float>(whole_bias[c]) * (x_scale * scales[c]);
    return kernels::WeightsF32{weights, offsets};
  });
  if (!y) return;
  builder.add_step(op, output_in_bytes(problem, y->scale), {product},
                   builder.define(node.output()));
}

// The step of such a node; of float32 output without `y`.
void add_integer_convolution(PlanBuilder& builder, const ops::FusedOperator& op, std::size_t bias,
                             const std::optional<QuantizedTensor>& y) {
  const ir::Graph& graph = builder.graph();
  const ir::Node& node = op.main;
  const auto shape = *convolution_shape(graph, node, node.input(0), node.input(3));
  const auto x = *quantized_tensor(graph, node, 1, graph.tensor_type(node.input(0)).data_type);
  kernels::ConvolutionInt8Problem problem{shape, x.activation, true, {}, 0, 255};
  std::optional<float> y_scale;
  if (y) {
    const IntegerBounds bounds = integer_bounds(y->activation, op.epilogue);
    problem = {shape, x.activation, false, y->activation, bounds.low, bounds.high};
    y_scale = y->scale;
  }
  if (gains_by_float(builder, op, problem, x.scale, y))
    return add_float_convolution(builder, op, bias, problem, x.scale, y);
  std::vector<float> factors;
  add_convolution_int8(builder, op, problem, {shape.groups}, [&] {
    factors = multipliers(x.scale, *graph.constant(node.input(4)), shape.out_c, y_scale);
    return kernels::WeightsInt8{graph.constant(node.input(3))->data<std::int8_t>(),
                                int32_bias(graph, node.input(bias)), factors};
  });
}

}  // namespace

bool fits_qlinear_conv(const ir::Graph& graph, const ir::Node& node) {
  return is_integer_convolution(graph, node, 8) &&
         quantized_tensor(graph, node, 6, graph.tensor_type(node.output()).data_type);
}

void lower_qlinear_conv(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Graph& graph = builder.graph();
  add_integer_convolution(
      builder, op, 8,
      quantized_tensor(graph, op.main, 6, graph.tensor_type(op.main.output()).data_type));
}

bool fits_q_conv(const ir::Graph& graph, const ir::Node& node) {
  return is_integer_convolution(graph, node, 6);
}

void lower_q_conv(PlanBuilder& builder, const ops::FusedOperator& op) {
  add_integer_convolution(builder, op, 6, std::nullopt);
}

}  // namespace lathe::engine
