#include "ops/pooling.h"

#include <algorithm>
#include <array>

#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"
#include "ops/attributes.h"

namespace lathe::engine {
namespace {

// Over one or two spatial axes; empty for others and for empty tensors.
std::optional<kernels::PoolingShape> pooling_shape(const ir::Graph& graph, const ir::Node& node) {
  const auto x = dims_of(graph, node.input(0));
  const auto y = dims_of(graph, node.output());
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
  // What the kernels count with.
  const auto work = ir::element_count(std::array{shape.batch, shape.channels, shape.out_h,
                                                 shape.out_w, shape.kernel_h, shape.kernel_w});
  return shape.valid() && work.ok() ? std::optional(shape) : std::nullopt;
}

ir::DataType input_type(const ir::Graph& graph, const ir::Node& node) {
  return graph.tensor_type(node.input(0)).data_type;
}

std::optional<kernels::ElementType> input_storage(const ir::Graph& graph, const ir::Node& node) {
  return float_storage(graph, node.input(0));
}

void add_pool_step(PlanBuilder& builder, const ops::FusedOperator& op, kernels::Problem problem) {
  const SlotId input = builder.slot(op.main.input(0));
  builder.add_step(op, std::move(problem), {input}, builder.define(op.main.output()));
}

void add_mean_step(PlanBuilder& builder, const ops::FusedOperator& op,
                   const kernels::PoolingShape& shape) {
  if (builder.layout(op.main.input(0)) == Layout::kRowMajor) {
    const kernels::ReduceProblem rows{kernels::ReduceOp::kMean,
                                      kernels::ElementType::kFloat32,
                                      {shape.batch * shape.channels, shape.in_h * shape.in_w},
                                      {0, 1}};
    return add_pool_step(builder, op, rows);
  }
  const auto storage = *input_storage(builder.graph(), op.main);
  add_pool_step(builder, op,
                kernels::PoolingF32Problem{kernels::PoolingKind::kMean, shape, storage});
}

// The mean over all spatial axes, as one row of pixels. Empty for other axes.
std::optional<kernels::PoolingShape> spatial_mean_shape(const ir::Graph& graph,
                                                        const ir::Node& node) {
  const auto x = dims_of(graph, node.input(0));
  const ir::Tensor* axes = graph.constant(node.input(1));
  // With three axes it is as likely a sequence of features as one of pixels.
  if (axes == nullptr || x.size() < 4) return std::nullopt;
  std::vector<std::int64_t> reduced = axes->to_int64s();
  for (std::int64_t& axis : reduced) axis += axis < 0 ? static_cast<std::int64_t>(x.size()) : 0;
  std::sort(reduced.begin(), reduced.end());
  for (std::size_t i = 2; i < x.size(); ++i) {
    if (reduced.size() != x.size() - 2 || reduced[i - 2] != static_cast<std::int64_t>(i))
      return std::nullopt;
  }
  const std::int64_t pixels = product(std::span(x).subspan(2));
  const auto shape = kernels::PoolingShape::global(x[0], 1, pixels, x[1]);
  return shape.valid() ? std::optional(shape) : std::nullopt;
}

std::optional<kernels::PoolingShape> global_shape(const ir::Graph& graph, const ir::Node& node) {
  const auto dims = dims_of(graph, node.input(0));
  const std::int64_t pixels = product(std::span(dims).subspan(2));
  const auto shape = kernels::PoolingShape::global(dims[0], 1, pixels, dims[1]);
  return shape.valid() && pixels <= (1 << 23) ? std::optional(shape) : std::nullopt;
}

}  // namespace

bool fits_pool(const ir::Graph& graph, const ir::Node& node) {
  const ir::DataType type = input_type(graph, node);
  const bool is_8_bit = type == ir::DataType::kInt8 || type == ir::DataType::kUint8;
  const bool average = node.op_type == "AveragePool";
  return node.outputs.size() == 1 && (input_storage(graph, node) || (is_8_bit && !average)) &&
         pooling_shape(graph, node);
}

void lower_pool(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto shape = *pooling_shape(builder.graph(), node);
  const ir::DataType type = input_type(builder.graph(), node);
  using kernels::PoolingKind;
  PoolingKind kind = PoolingKind::kMax;
  if (node.op_type == "AveragePool") {
    const bool with_padding = ops::attributes(node).get_bool("count_include_pad");
    kind = with_padding ? PoolingKind::kMeanWithPadding : PoolingKind::kMean;
  }
  if (const auto storage = input_storage(builder.graph(), node)) {
    add_pool_step(builder, op, kernels::PoolingF32Problem{kind, shape, *storage});
  } else {
    kernels::PoolingInt8Problem problem{kind, shape, {}, {}, 1, 0, 255};
    problem.input.is_signed = type == ir::DataType::kInt8;
    add_pool_step(builder, op, problem);
  }
}

// Rows of pixels are reduced as they are.
passes::NodeLayouts mean_layouts(const ir::Graph& graph, const ops::FusedOperator& op,
                                 std::span<const Layout> layouts) {
  const ir::ValueId x = op.main.input(0);
  const bool rows = layouts[static_cast<std::size_t>(x)] == Layout::kRowMajor &&
                    graph.tensor_type(x).data_type == ir::DataType::kFloat32;
  return rows ? passes::NodeLayouts{} : channels_last(graph, op, layouts);
}

bool fits_global_average_pool(const ir::Graph& graph, const ir::Node& node) {
  return input_storage(graph, node) && pooling_shape(graph, node);
}

void lower_global_average_pool(PlanBuilder& builder, const ops::FusedOperator& op) {
  const auto shape = *pooling_shape(builder.graph(), op.main);
  add_mean_step(builder, op, shape);
}

// The mean over all spatial axes is a global average pool, whether or not they are kept.
bool fits_reduce_mean(const ir::Graph& graph, const ir::Node& node) {
  return input_storage(graph, node) && spatial_mean_shape(graph, node);
}

void lower_reduce_mean(PlanBuilder& builder, const ops::FusedOperator& op) {
  const auto shape = *spatial_mean_shape(builder.graph(), op.main);
  add_mean_step(builder, op, shape);
}

bool fits_qlinear_average_pool(const ir::Graph& graph, const ir::Node& node) {
  if (ops::attributes(node).get_bool("channels_last")) return false;
  const auto shape = pooling_shape(graph, node);
  return shape && shape->kernel_h * shape->kernel_w <= (1 << 23) &&
         quantized_tensor(graph, node, 1, input_type(graph, node)) &&
         quantized_tensor(graph, node, 3, graph.tensor_type(node.output()).data_type);
}

void lower_qlinear_average_pool(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Graph& graph = builder.graph();
  const ir::Node& node = op.main;
  const auto x = *quantized_tensor(graph, node, 1, input_type(graph, node));
  const auto y = *quantized_tensor(graph, node, 3, graph.tensor_type(node.output()).data_type);
  const IntegerBounds bounds = integer_bounds(y.activation, op.epilogue);
  const auto kind = ops::attributes(node).get_bool("count_include_pad")
                        ? kernels::PoolingKind::kMeanWithPadding
                        : kernels::PoolingKind::kMean;
  add_pool_step(
      builder, op,
      kernels::PoolingInt8Problem{kind, *pooling_shape(graph, node), x.activation, y.activation,
                                  x.scale / y.scale, bounds.low, bounds.high});
}

bool fits_qlinear_global_average_pool(const ir::Graph& graph, const ir::Node& node) {
  return !ops::attributes(node).get_bool("channels_last") &&
         quantized_tensor(graph, node, 1, input_type(graph, node)) &&
         quantized_tensor(graph, node, 3, graph.tensor_type(node.output()).data_type) &&
         global_shape(graph, node);
}

void lower_qlinear_global_average_pool(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Graph& graph = builder.graph();
  const ir::Node& node = op.main;
  const auto x = *quantized_tensor(graph, node, 1, input_type(graph, node));
  const auto y = *quantized_tensor(graph, node, 3, graph.tensor_type(node.output()).data_type);
  const IntegerBounds bounds = integer_bounds(y.activation, op.epilogue);
  add_pool_step(builder, op,
                kernels::PoolingInt8Problem{kernels::PoolingKind::kMean, *global_shape(graph, node),
                                            x.activation, y.activation, x.scale / y.scale,
                                            bounds.low, bounds.high});
}

}  // namespace lathe::engine
