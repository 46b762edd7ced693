#include "ops/pooling.h"

#include <algorithm>

#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"
#include "kernels/pooling_f32.h"
#include "kernels/pooling_int8.h"

namespace lathe::engine {
namespace {

// Over one or two spatial axes; empty for others and for empty tensors.
std::optional<kernels::PoolingShape> pooling_shape(const PlanBuilder& builder,
                                                   const ir::Node& node) {
  const auto& x = builder.dims(node.input(0));
  const auto& y = builder.dims(node.output());
  if (x.size() != 3 && x.size() != 4) return std::nullopt;
  const bool two = x.size() == 4;
  if (node.op_type.rfind("Global", 0) == 0) {
    auto shape = kernels::PoolingShape::global(x[0], two ? x[2] : 1, x.back(), x[1]);
    return shape.valid() ? std::optional(shape) : std::nullopt;
  }
  const auto kernel = ops::required_kernel_shape(node, x.size() - 2);
  if (!kernel.ok()) return std::nullopt;
  const ir::Shape spatial = ir::make_shape(std::span(x).subspan(2));
  const auto window = ops::resolve_window(node, *kernel, spatial);
  if (!window.ok()) return std::nullopt;
  const auto row = [&](const ops::Dims& v, std::int64_t one) { return two ? v[0] : one; };
  kernels::PoolingShape shape;
  shape.batch = x[0];
  shape.channels = x[1];
  shape.in_h = two ? x[2] : 1;
  shape.in_w = x.back();
  shape.out_h = two ? y[2] : 1;
  shape.out_w = y.back();
  shape.kernel_h = row(window->kernel, 1);
  shape.kernel_w = window->kernel.back();
  shape.stride_h = row(window->strides, 1);
  shape.stride_w = window->strides.back();
  shape.dilation_h = row(window->dilations, 1);
  shape.dilation_w = window->dilations.back();
  shape.pad_top = row(window->pads_begin, 0);
  shape.pad_left = window->pads_begin.back();
  shape.pad_bottom = row(window->pads_end, 0);
  shape.pad_right = window->pads_end.back();
  return shape.valid() ? std::optional(shape) : std::nullopt;
}

// A step from the node's first input to its output, both channels-last, done by `layer.run`.
template <typename In, typename Out, typename Layer>
void add_pool_step(PlanBuilder& builder, const ir::Node& node, const char* kernel, Layer layer) {
  Step step = builder.step_for(node);
  step.kernel = kernel;
  step.inputs = {builder.slot(node.input(0), Layout::kChannelsLast)};
  step.outputs = {builder.define(node.output(), Layout::kChannelsLast)};
  step.run = [layer = std::move(layer)](const StepRun& r) -> Status {
    layer.run(static_cast<const In*>(r.inputs[0]), static_cast<Out*>(r.outputs[0]), r.pool);
    return {};
  };
  builder.add_step(std::move(step));
}

}  // namespace

Result<bool> lower_pool(PlanBuilder& builder, const ir::Node& node) {
  const auto shape = pooling_shape(builder, node);
  if (!shape) return false;
  const ir::DataType type = builder.graph().value(node.input(0)).type.data_type;
  const bool average = node.op_type == "AveragePool";
  if (type == ir::DataType::kFloat32 && average) {
    const bool count_include_pad = node.attribute_int("count_include_pad", 0) != 0;
    add_pool_step<float, float>(builder, node, "average_pool_f32",
                                kernels::AveragePool2d(*shape, count_include_pad, builder.isa()));
    return true;
  }
  if (type == ir::DataType::kFloat32) {
    add_pool_step<float, float>(builder, node, "max_pool_f32",
                                kernels::MaxPool2d(*shape, builder.isa()));
    return true;
  }
  if (average || (type != ir::DataType::kInt8 && type != ir::DataType::kUint8)) return false;
  add_pool_step<void, void>(
      builder, node, "max_pool_int8",
      kernels::MaxPoolInt8(*shape, type == ir::DataType::kInt8, builder.isa()));
  return true;
}

Result<bool> lower_global_average_pool(PlanBuilder& builder, const ir::Node& node) {
  const auto shape = pooling_shape(builder, node);
  if (!shape || builder.graph().value(node.input(0)).type.data_type != ir::DataType::kFloat32)
    return false;
  add_pool_step<float, float>(builder, node, "average_pool_f32",
                              kernels::AveragePool2d(*shape, false, builder.isa()));
  return true;
}

// The mean over all spatial axes is a global average pool, whether or not they are kept.
Result<bool> lower_reduce_mean(PlanBuilder& builder, const ir::Node& node) {
  const auto& x = builder.dims(node.input(0));
  const ir::Tensor* axes = builder.graph().constant(node.input(1));
  if (axes == nullptr || x.size() < 3 ||
      builder.graph().value(node.input(0)).type.data_type != ir::DataType::kFloat32) {
    return false;
  }
  std::vector<std::int64_t> reduced = axes->to_int64s();
  for (std::int64_t& axis : reduced) axis += axis < 0 ? static_cast<std::int64_t>(x.size()) : 0;
  std::sort(reduced.begin(), reduced.end());
  std::int64_t pixels = 1;
  for (std::size_t i = 2; i < x.size(); ++i) {
    if (reduced.size() != x.size() - 2 || reduced[i - 2] != static_cast<std::int64_t>(i))
      return false;
    pixels *= x[i];
  }
  const auto shape = kernels::PoolingShape::global(x[0], 1, pixels, x[1]);
  if (!shape.valid()) return false;
  add_pool_step<float, float>(builder, node, "average_pool_f32",
                              kernels::AveragePool2d(shape, false, builder.isa()));
  return true;
}

Result<bool> lower_qlinear_global_average_pool(PlanBuilder& builder, const ir::Node& node) {
  const ir::Graph& graph = builder.graph();
  const auto& dims = builder.dims(node.input(0));
  const auto x = quantized_tensor(graph, node, 1, graph.value(node.input(0)).type.data_type);
  const auto y = quantized_tensor(graph, node, 3, graph.value(node.output()).type.data_type);
  std::int64_t pixels = 1;
  for (std::size_t i = 2; i < dims.size(); ++i) pixels *= dims[i];
  const auto shape = kernels::PoolingShape::global(dims[0], 1, pixels, dims[1]);
  if (!x || !y || !shape.valid() || pixels > (1 << 23)) return false;
  const kernels::AveragePoolInt8Parameters parameters{
      x->activation, y->activation,          x->scale / y->scale,
      false,         y->activation.lowest(), y->activation.highest()};
  add_pool_step<void, void>(builder, node, "average_pool_int8",
                            kernels::AveragePoolInt8(shape, parameters, builder.isa()));
  return true;
}

}  // namespace lathe::engine
