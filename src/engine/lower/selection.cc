// Operators that take some elements of an operand, or some of them several times.
#include <algorithm>

#include "engine/lower/lower.h"
#include "kernels/strided.h"
#include "ops/attributes.h"

namespace lathe::engine {
namespace {

using Dims = std::vector<std::int64_t>;

// Elements that are moved whole; 0 where they are none.
std::int64_t moved_bytes(const ir::Graph& graph, const ir::Node& node) {
  const auto type = element_type(graph, node.output());
  return type ? kernels::element_bytes(*type) : 0;
}

Dims row_major_strides(const Dims& dims) {
  Dims strides(dims.size());
  std::int64_t stride = 1;
  for (std::size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= dims[i];
  }
  return strides;
}

std::optional<Dims> constant_integers(const ir::Graph& graph, ir::ValueId value) {
  const ir::Tensor* constant = graph.constant(value);
  if (constant == nullptr) return std::nullopt;
  return constant->to_int64s();
}

std::size_t axis_of(const ir::Node& node, std::size_t rank) {
  const std::int64_t axis = ops::attributes(node).get_int("axis");
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
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

// Starts and steps of every axis, as ONNX Slice clamps them.
std::optional<kernels::StridedCopyProblem> slice_problem(const ir::Graph& graph,
                                                         const ir::Node& node) {
  const Dims dims = dims_of(graph, node.input(0));
  const auto starts = constant_integers(graph, node.input(1));
  if (!starts || graph.constant(node.input(2)) == nullptr || product(dims) == 0)
    return std::nullopt;
  Dims axes;
  for (std::size_t i = 0; i < starts->size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  Dims steps(starts->size(), 1);
  for (const auto& [input, values] : {std::pair(3, &axes), std::pair(4, &steps)}) {
    if (node.input(static_cast<std::size_t>(input)) == ir::kNoValue) continue;
    const auto given = constant_integers(graph, node.input(static_cast<std::size_t>(input)));
    if (!given || given->size() != starts->size()) return std::nullopt;
    *values = *given;
  }
  Dims strides = row_major_strides(dims);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto rank = static_cast<std::int64_t>(dims.size());
    const auto axis = static_cast<std::size_t>(axes[i] < 0 ? axes[i] + rank : axes[i]);
    const std::int64_t extent = dims[axis];
    const std::int64_t start = (*starts)[i] < 0 ? (*starts)[i] + extent : (*starts)[i];
    offset +=
        std::clamp<std::int64_t>(start, 0, steps[i] < 0 ? extent - 1 : extent) * strides[axis];
    // Of less than two elements the step may be any, and is not used.
    const bool steps_over = dims_of(graph, node.output())[axis] > 1;
    strides[axis] = steps_over ? strides[axis] * steps[i] : 0;
  }
  return copy_problem(graph, node, dims_of(graph, node.output()), std::move(strides), offset);
}

std::optional<kernels::StridedCopyProblem> expand_problem(const ir::Graph& graph,
                                                          const ir::Node& node) {
  const Dims out = dims_of(graph, node.output());
  Dims dims = dims_of(graph, node.input(0));
  dims.insert(dims.begin(), out.size() - dims.size(), 1);
  Dims strides = row_major_strides(dims);
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (dims[i] == 1) strides[i] = 0;
  return copy_problem(graph, node, out, std::move(strides));
}

// Each axis is two: the repetitions, and the axis itself.
std::optional<kernels::StridedCopyProblem> tile_problem(const ir::Graph& graph,
                                                        const ir::Node& node) {
  const Dims dims = dims_of(graph, node.input(0));
  const Dims out = dims_of(graph, node.output());
  const Dims own = row_major_strides(dims);
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
std::optional<kernels::PadProblem> pad_problem(const ir::Graph& graph, const ir::Node& node) {
  const Dims dims = dims_of(graph, node.input(0));
  const auto pads = constant_integers(graph, node.input(1));
  const std::int64_t bytes = moved_bytes(graph, node);
  if (!pads || bytes == 0 || dims.empty() || dims.size() > kernels::kMostAxes) return std::nullopt;
  Dims axes;
  for (std::size_t i = 0; i < dims.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (node.input(3) != ir::kNoValue) {
    const auto given = constant_integers(graph, node.input(3));
    if (!given) return std::nullopt;
    if (!given->empty()) axes = *given;
  }
  const std::string mode = ops::attributes(node).get_string("mode");
  kernels::PadProblem problem{dims, Dims(dims.size(), 0), Dims(dims.size(), 0)};
  problem.mode = mode == "edge"      ? kernels::PadMode::kEdge
                 : mode == "reflect" ? kernels::PadMode::kReflect
                 : mode == "wrap"    ? kernels::PadMode::kWrap
                                     : kernels::PadMode::kConstant;
  problem.has_value = problem.mode == kernels::PadMode::kConstant && node.input(2) != ir::kNoValue;
  problem.element_bytes = bytes;
  const auto rank = static_cast<std::int64_t>(dims.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(axes[i] < 0 ? axes[i] + rank : axes[i]);
    problem.begins[axis] = (*pads)[i];
    problem.ends[axis] = (*pads)[i + axes.size()];
  }
  return kernels::check_problem(problem).ok() ? std::optional(problem) : std::nullopt;
}

}  // namespace

bool fits_slice(const ir::Graph& graph, const ir::Node& node) {
  return slice_problem(graph, node).has_value();
}
void lower_slice(PlanBuilder& builder, const ops::FusedOperator& op) {
  lower_copy(builder, op, slice_problem);
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
  const Dims strides = row_major_strides(dims);
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
  return pad_problem(graph, node).has_value();
}

void lower_pad(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  auto problem = *pad_problem(builder.graph(), node);
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
  const std::size_t axis = axis_of(node, dims.size());
  const kernels::GatherProblem problem{
      product(std::span(dims).first(axis)), dims[axis],
      product(std::span(dims).subspan(axis + 1)) * moved_bytes(builder.graph(), node),
      product(builder.dims(node.input(1))), *element_type(builder.graph(), node.input(1))};
  std::vector<SlotId> inputs{builder.slot(node.input(0)), builder.slot(node.input(1))};
  builder.add_step(op, problem, std::move(inputs), builder.define(node.output()));
}

}  // namespace lathe::engine
