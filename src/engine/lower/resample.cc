// Resize of images, and operators between channels and pixels.
#include "engine/lower/lower.h"
#include "ops/attributes.h"
#include "ops/resize.h"

namespace lathe::engine {
namespace {

using Dims = std::vector<std::int64_t>;

// The last two axes of an input of three or four, or the last; the others stay as they are.
std::optional<std::vector<ops::ResizedAxis>> resized(const ir::Graph& graph, const ir::Node& node) {
  const Dims dims = dims_of(graph, node.input(0));
  if ((dims.size() != 3 && dims.size() != 4) || product(dims_of(graph, node.output())) == 0)
    return std::nullopt;
  const auto constant = [&](std::size_t slot) -> const ir::Tensor* {
    const ir::Tensor* tensor = graph.constant(node.input(slot));
    return tensor != nullptr && tensor->num_elements() > 0 ? tensor : nullptr;
  };
  const ir::Tensor* scales = constant(2);
  const ir::Tensor* sizes = constant(3);
  if ((scales == nullptr) == (sizes == nullptr)) return std::nullopt;
  auto axes = ops::resized_axes(node, dims, scales, sizes);
  if (!axes.ok() || !(*axes)[0].unchanged || !(*axes)[1].unchanged) return std::nullopt;
  return *std::move(axes);
}

bool is_nearest(const ir::Node& node) {
  return ops::attributes(node).get_string("mode") == "nearest";
}

std::vector<float> to_floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

bool fits_resize(const ir::Graph& graph, const ir::Node& node) {
  const auto type = element_type(graph, node.output());
  if (!type) return false;
  return (is_nearest(node) || *type == kernels::ElementType::kFloat32) && resized(graph, node);
}

void lower_resize(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const Dims dims = builder.dims(node.input(0));
  const auto axes = *resized(builder.graph(), node);
  const ops::ResizedAxis one_line{1, {0}, {1}, true};
  const ops::ResizedAxis& rows = dims.size() == 4 ? axes[2] : one_line;
  const ops::ResizedAxis& columns = axes.back();
  const bool last = builder.layout(node.output()) == Layout::kChannelsLast;
  const std::int64_t outer = last ? dims[0] : dims[0] * dims[1];
  const std::int64_t inner = last ? dims[1] : 1;
  const std::int64_t in_h = dims.size() == 4 ? dims[2] : 1;
  const SlotId input = builder.slot(node.input(0));
  const SlotId output = builder.define(node.output());
  if (is_nearest(node)) {
    const std::int64_t bytes =
        kernels::element_bytes(*element_type(builder.graph(), node.output()));
    builder.add_step(op,
                     kernels::TakeGridProblem{outer, in_h, dims.back(), inner * bytes, rows.indices,
                                              columns.indices},
                     {input}, output);
  } else {
    builder.add_step(op,
                     kernels::InterpolateF32Problem{
                         outer, in_h, dims.back(), inner, rows.taps, columns.taps, rows.indices,
                         to_floats(rows.weights), columns.indices, to_floats(columns.weights)},
                     {input}, output);
  }
}

namespace {

// Channels as [group, blocks..., rest], each of whose blocks belongs to a spatial axis.
struct Interleaving {
  std::int64_t group;
  Dims blocks;
  bool to_depth = false;
};

Interleaving interleaving_of(const ir::Graph& graph, const ir::Node& node) {
  const ops::Attributes attributes = ops::attributes(node);
  if (node.op_type == "Interleave")
    return {attributes.get_int("group"), *attributes.find_ints("blocks")};
  const std::int64_t block = attributes.get_int("blocksize");
  const bool to_depth = node.is("SpaceToDepth");
  const std::int64_t channels = dims_of(graph, to_depth ? node.input(0) : node.output())[1];
  const bool depth_first = attributes.get_string("mode") == "DCR";
  return {depth_first ? 1 : channels, {block, block}, to_depth};
}

// The axes of the deep tensor and in which order the wide one has them, both as they lie in memory.
kernels::PermuteProblem interleave_problem(const ir::Graph& graph, const ir::Node& node,
                                           bool channels_last) {
  const Interleaving how = interleaving_of(graph, node);
  const Dims wide = dims_of(graph, how.to_depth ? node.input(0) : node.output());
  const auto spatial = static_cast<std::int64_t>(how.blocks.size());
  Dims channels{how.group};
  channels.insert(channels.end(), how.blocks.begin(), how.blocks.end());
  channels.push_back(how.group == 0 ? 0 : wide[1] / how.group);
  Dims pixels;
  for (std::size_t i = 0; i < how.blocks.size(); ++i) pixels.push_back(wide[i + 2] / how.blocks[i]);
  // Where groups, blocks, the rest of the channels and pixels begin among the axes.
  const std::int64_t group = channels_last ? 1 + spatial : 1;
  const std::int64_t pixel = channels_last ? 1 : 3 + spatial;
  Dims dims{wide[0]};
  dims.insert(dims.end(), (channels_last ? pixels : channels).begin(),
              (channels_last ? pixels : channels).end());
  dims.insert(dims.end(), (channels_last ? channels : pixels).begin(),
              (channels_last ? channels : pixels).end());
  Dims order{0};
  if (!channels_last) order.insert(order.end(), {group, group + 1 + spatial});
  for (std::int64_t i = 0; i < spatial; ++i) order.insert(order.end(), {pixel + i, group + 1 + i});
  if (channels_last) order.insert(order.end(), {group, group + 1 + spatial});
  const std::int64_t bytes = kernels::element_bytes(*element_type(graph, node.output()));
  if (!how.to_depth) return {dims, order, bytes};
  Dims wide_axes;
  Dims back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    wide_axes.push_back(dims[static_cast<std::size_t>(order[i])]);
    back[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  }
  return {wide_axes, back, bytes};
}

}  // namespace

bool fits_interleave(const ir::Graph& graph, const ir::Node& node) {
  return element_type(graph, node.output()) && product(dims_of(graph, node.output())) > 0;
}

void lower_interleave(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const bool last = builder.layout(node.output()) == Layout::kChannelsLast;
  const SlotId input = builder.slot(node.input(0));
  builder.add_step(op, interleave_problem(builder.graph(), node, last), {input},
                   builder.define(node.output()));
}

}  // namespace lathe::engine
