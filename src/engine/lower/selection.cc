// Operators that take some elements of an operand, or some of them several times.
#include <algorithm>

#include "engine/lower/lower.h"
#include "kernels/strided.h"
#include "ops/attributes.h"
#include "ops/pad.h"
#include "ops/slice.h"

namespace lathe::engine {
namespace {

using Dims = std::vector<std::int64_t>;

// Elements that are moved whole; 0 where they are none.
std::int64_t moved_bytes(const ir::Graph& graph, const ir::Node& node) {
  const auto type = element_type(graph, node.output());
  return type ? kernels::element_bytes(*type) : 0;
}

std::optional<Dims> constant_integers(const ir::Graph& graph, ir::ValueId value) {
  const ir::Tensor* constant = graph.constant(value);
  if (constant == nullptr) return std::nullopt;
  return constant->to_int64s();
}

// Of a node that inference has seen.
std::size_t axis_of(const ir::Node& node, std::size_t rank) {
  return *ops::normalize_axis(ops::attributes(node).get_int("axis"), rank);
}

// `out` elements of an operand of `dims`, by strides.
std::optional<kernels::StridedCopyProblem> copy_problem(const ir::Graph& graph,
                                                        const ir::Node& node, Dims out,
                                                        Dims strides, std::int64_t offset = 0) {
  const Dims dims = dims_of(graph, node.input(0));
  if (moved_bytes(graph, node) == 0 || product(dims) == 0) return std::nullopt;
  kernels::merge_axes(out, strides);
  if (out.size() > kernels::kMostAxes) return std::nullopt;
  return kernels::StridedCopyProblem{std::move(out), std::move(strides), offset, product(dims),
                                     moved_bytes(graph, node)};
}

// What there is of each axis, in the order in which axes lie in memory.
void put_channels_behind(Dims& axes) {
  std::rotate(axes.begin() + 1, axes.begin() + 2, axes.end());
}

std::optional<kernels::StridedCopyProblem> slice_problem(const ir::Graph& graph,
                                                         const ir::Node& node,
                                                         Layout layout = Layout::kRowMajor) {
  const Dims dims = dims_of(graph, node.input(0));
  for (std::size_t i = 1; i < node.inputs.size(); ++i)
    if (node.input(i) != ir::kNoValue && graph.constant(node.input(i)) == nullptr)
      return std::nullopt;
  const auto values = [&](std::size_t i) { return constant_integers(graph, node.input(i)); };
  const auto sliced = ops::resolve_slice({*values(1), *values(2), values(3), values(4)}, dims);
  if (!sliced.ok()) return std::nullopt;
  const std::vector<std::size_t> order = memory_order(layout, dims.size());
  Dims held;
  for (const std::size_t axis : order) held.push_back(dims[axis]);
  Dims strides = ops::row_major_strides(held);
  Dims out;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& taken = (*sliced)[order[i]];
    out.push_back(taken.count);
    offset += taken.first * strides[i];
    strides[i] *= taken.step;
  }
  return copy_problem(graph, node, std::move(out), std::move(strides), offset);
}

std::optional<kernels::StridedCopyProblem> expand_problem(const ir::Graph& graph,
                                                          const ir::Node& node) {
  const Dims out = dims_of(graph, node.output());
  return copy_problem(graph, node, out, ops::broadcast_strides(dims_of(graph, node.input(0)), out));
}

// Each axis is two: the repetitions, and the axis itself.
std::optional<kernels::StridedCopyProblem> tile_problem(const ir::Graph& graph,
                                                        const ir::Node& node) {
  const Dims dims = dims_of(graph, node.input(0));
  const Dims out = dims_of(graph, node.output());
  const Dims own = ops::row_major_strides(dims);
  if (product(dims) == 0) return std::nullopt;
  Dims extents;
  Dims strides;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    extents.insert(extents.end(), {out[i] / dims[i], dims[i]});
    strides.insert(strides.end(), {0, own[i]});
  }
  return copy_problem(graph, node, std::move(extents), std::move(strides));
}

using MakeProblem = std::optional<kernels::StridedCopyProblem> (*)(const ir::Graph&,
                                                                   const ir::Node&);

void lower_copy(PlanBuilder& builder, const ops::FusedOperator& op, MakeProblem make) {
  const SlotId input = builder.slot(op.main.input(0));
  builder.add_step(op, *make(builder.graph(), op.main), {input}, builder.define(op.main.output()));
}

// Pads of every axis.
std::optional<kernels::PadProblem> pad_problem(const ir::Graph& graph, const ir::Node& node,
                                               bool channels_last) {
  const Dims dims = dims_of(graph, node.input(0));
  const auto pads = constant_integers(graph, node.input(1));
  const std::int64_t bytes = moved_bytes(graph, node);
  if (!pads || bytes == 0 || dims.empty() || dims.size() > kernels::kMostAxes) return std::nullopt;
  if (node.input(3) != ir::kNoValue && graph.constant(node.input(3)) == nullptr)
    return std::nullopt;
  const auto resolved = ops::resolve_pads(
      *pads, constant_integers(graph, node.input(3)).value_or(Dims{}), dims.size());
  if (!resolved.ok()) return std::nullopt;
  const std::string mode = ops::attributes(node).get_string("mode");
  kernels::PadProblem problem{dims, resolved->begin, resolved->end};
  problem.mode = mode == "edge"      ? kernels::PadMode::kEdge
                 : mode == "reflect" ? kernels::PadMode::kReflect
                 : mode == "wrap"    ? kernels::PadMode::kWrap
                                     : kernels::PadMode::kConstant;
  problem.has_value = problem.mode == kernels::PadMode::kConstant && node.input(2) != ir::kNoValue;
  problem.element_bytes = bytes;
  if (channels_last) {
    for (Dims* axes : {&problem.dims, &problem.begins, &problem.ends}) put_channels_behind(*axes);
  }
  return kernels::check_problem(problem).ok() ? std::optional(problem) : std::nullopt;
}

}  // namespace

bool fits_slice(const ir::Graph& graph, const ir::Node& node) {
  return slice_problem(graph, node) && (dims_of(graph, node.output()).size() < 3 ||
                                        slice_problem(graph, node, Layout::kChannelsLast));
}
void lower_slice(PlanBuilder& builder, const ops::FusedOperator& op) {
  const SlotId input = builder.slot(op.main.input(0));
  auto problem = slice_problem(builder.graph(), op.main, builder.layout(op.main.input(0)));
  builder.add_step(op, *std::move(problem), {input}, builder.define(op.main.output()));
}

bool fits_expand(const ir::Graph& graph, const ir::Node& node) {
  return expand_problem(graph, node).has_value();
}
void lower_expand(PlanBuilder& builder, const ops::FusedOperator& op) {
  lower_copy(builder, op, expand_problem);
}

bool fits_tile(const ir::Graph& graph, const ir::Node& node) {
  return tile_problem(graph, node).has_value();
}
void lower_tile(PlanBuilder& builder, const ops::FusedOperator& op) {
  lower_copy(builder, op, tile_problem);
}

bool fits_split(const ir::Graph& graph, const ir::Node& node) {
  return moved_bytes(graph, node) != 0 && !dims_of(graph, node.input(0)).empty() &&
         std::none_of(node.outputs.begin(), node.outputs.end(), [&](ir::ValueId output) {
           return output == ir::kNoValue || product(dims_of(graph, output)) == 0;
         });
}

// One step for each part.
void lower_split(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const ir::Graph& graph = builder.graph();
  const Dims dims = builder.dims(node.input(0));
  const std::size_t axis = axis_of(node, dims.size());
  const Dims strides = ops::row_major_strides(dims);
  const SlotId input = builder.slot(node.input(0));
  std::int64_t offset = 0;
  for (const ir::ValueId output : node.outputs) {
    const Dims out = builder.dims(output);
    builder.add_step(op, *copy_problem(graph, node, out, strides, offset), {input},
                     builder.define(output));
    offset += out[axis] * strides[axis];
  }
}

bool fits_pad(const ir::Graph& graph, const ir::Node& node) {
  return pad_problem(graph, node, false).has_value();
}

void lower_pad(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  auto problem =
      *pad_problem(builder.graph(), node, builder.layout(node.output()) == Layout::kChannelsLast);
  std::vector<SlotId> inputs{builder.slot(node.input(0))};
  if (problem.has_value) inputs.push_back(builder.slot(node.input(2)));
  builder.add_step(op, std::move(problem), std::move(inputs), builder.define(node.output()));
}

bool fits_gather(const ir::Graph& graph, const ir::Node& node) {
  const auto index = element_type(graph, node.input(1));
  return moved_bytes(graph, node) != 0 && product(dims_of(graph, node.input(0))) != 0 &&
         (index == kernels::ElementType::kInt32 || index == kernels::ElementType::kInt64);
}

void lower_gather(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const Dims dims = builder.dims(node.input(0));
  const ops::AxisView view = ops::view_around(dims, axis_of(node, dims.size()));
  const kernels::GatherProblem problem{
      view.outer, view.extent, view.inner * moved_bytes(builder.graph(), node),
      product(builder.dims(node.input(1))), *element_type(builder.graph(), node.input(1))};
  std::vector<SlotId> inputs{builder.slot(node.input(0)), builder.slot(node.input(1))};
  builder.add_step(op, problem, std::move(inputs), builder.define(node.output()));
}

}  // namespace lathe::engine
