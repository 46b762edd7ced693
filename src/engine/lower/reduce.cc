// Operators along axes: reductions and normalizations.
#include "ops/reduce.h"

#include <algorithm>
#include <map>

#include "engine/lower/lower.h"
#include "kernels/strided.h"
#include "ops/attributes.h"

namespace lathe::engine {
namespace {

using kernels::ReduceOp;

ReduceOp operator_of(const ir::Node& node) {
  static const std::map<std::string_view, ReduceOp> table{
      {"ReduceSum", ReduceOp::kSum},   {"ReduceMean", ReduceOp::kMean},
      {"ReduceMax", ReduceOp::kMax},   {"ReduceMin", ReduceOp::kMin},
      {"ReduceProd", ReduceOp::kProd}, {"ReduceSumSquare", ReduceOp::kSumSquare},
      {"ReduceL1", ReduceOp::kL1},     {"ReduceL2", ReduceOp::kL2},
  };
  return table.at(node.op_type);
}

// Neighbours that are both reduced, or both kept, count as one axis.
std::optional<kernels::ReduceProblem> reduce_problem(const ir::Graph& graph, const ir::Node& node,
                                                     Layout layout) {
  const auto dims = dims_of(graph, node.input(0));
  const auto type = element_type(graph, node.input(0));
  if (!type || !kernels::can_reduce(operator_of(node), *type) || product(dims) == 0)
    return std::nullopt;
  std::vector<std::int64_t> axes;
  if (node.input(1) != ir::kNoValue) {
    const ir::Tensor* given = graph.constant(node.input(1));
    if (given == nullptr) return std::nullopt;
    axes = given->to_int64s();
  }
  const auto reduced = ops::reduced_axes(node, axes, dims.size());
  if (!reduced.ok()) return std::nullopt;
  kernels::ReduceProblem problem{operator_of(node), *type, {}, {}};
  for (const std::size_t i : memory_order(layout, dims.size())) {
    if (dims[i] == 1) continue;
    const std::int64_t is_reduced = (*reduced)[i] ? 1 : 0;
    if (!problem.reduced.empty() && problem.reduced.back() == is_reduced) {
      problem.extents.back() *= dims[i];
    } else {
      problem.extents.push_back(dims[i]);
      problem.reduced.push_back(is_reduced);
    }
  }
  if (problem.extents.empty()) problem = {operator_of(node), *type, {1}, {1}};
  if (problem.extents.size() > kernels::kMostAxes) return std::nullopt;
  return problem;
}

std::optional<kernels::ArgReduceProblem> arg_reduce_problem(const ir::Graph& graph,
                                                            const ir::Node& node) {
  const auto dims = dims_of(graph, node.input(0));
  const auto type = element_type(graph, node.input(0));
  if (!type || !kernels::can_arg_reduce(*type) || product(dims) == 0) return std::nullopt;
  const auto attributes = ops::attributes(node);
  const ops::AxisView view =
      ops::view_around(dims, *ops::normalize_axis(attributes.get_int("axis"), dims.size()));
  const kernels::ArgReduceProblem problem{node.op_type == "ArgMax",
                                          attributes.get_bool("select_last_index"),
                                          *type,
                                          view.outer,
                                          view.extent,
                                          view.inner};
  return kernels::check_problem(problem).ok() ? std::optional(problem) : std::nullopt;
}

std::optional<kernels::LayerNormF32Problem> layer_norm_problem(const ir::Graph& graph,
                                                               const ir::Node& node) {
  const auto dims = dims_of(graph, node.input(0));
  const auto outputs = std::count_if(node.outputs.begin(), node.outputs.end(),
                                     [](ir::ValueId output) { return output != ir::kNoValue; });
  if (outputs != 1 || node.outputs[0] == ir::kNoValue || product(dims) == 0 ||
      graph.tensor_type(node.input(0)).data_type != ir::DataType::kFloat32)
    return std::nullopt;
  const std::size_t axis = *ops::normalize_axis(ops::attributes(node).get_int("axis"), dims.size());
  const std::int64_t columns = product(std::span(dims).subspan(axis));
  const bool bias = node.input(2) != ir::kNoValue;
  if (product(dims_of(graph, node.input(1))) != columns ||
      (bias && product(dims_of(graph, node.input(2))) != columns))
    return std::nullopt;
  return kernels::LayerNormF32Problem{product(std::span(dims).first(axis)), columns,
                                      ops::attributes(node).get_float("epsilon"), bias};
}

// GroupNormalization and InstanceNormalization.
std::optional<kernels::GroupNormF32Problem> group_norm_problem(const ir::Graph& graph,
                                                               const ir::Node& node,
                                                               Layout layout) {
  const auto dims = dims_of(graph, node.input(0));
  if (dims.size() < 2 || product(dims) == 0) return std::nullopt;
  for (const std::size_t slot : {0, 1, 2}) {
    if (graph.tensor_type(node.input(slot)).data_type != ir::DataType::kFloat32)
      return std::nullopt;
  }
  const std::int64_t channels = dims[1];
  if (product(dims_of(graph, node.input(1))) != channels ||
      product(dims_of(graph, node.input(2))) != channels)
    return std::nullopt;
  const auto attributes = ops::attributes(node);
  const bool each = node.op_type == "InstanceNormalization";
  const kernels::GroupNormF32Problem problem{dims[0],
                                             channels,
                                             product(std::span(dims).subspan(2)),
                                             each ? channels : attributes.get_int("num_groups"),
                                             layout == Layout::kChannelsLast,
                                             attributes.get_float("epsilon")};
  return kernels::check_problem(problem).ok() ? std::optional(problem) : std::nullopt;
}

}  // namespace

bool fits_reduce(const ir::Graph& graph, const ir::Node& node) {
  return reduce_problem(graph, node, Layout::kRowMajor).has_value();
}

// As the input is made, where the output has as many axes.
passes::NodeLayouts reduce_layouts(const ir::Graph& graph, const ops::FusedOperator& op,
                                   std::span<const Layout> layouts) {
  const ir::ValueId x = op.main.input(0);
  const Layout layout = layouts[static_cast<std::size_t>(x)];
  if (layout == Layout::kRowMajor || !reduce_problem(graph, op.main, layout)) return {};
  const bool kept = dims_of(graph, op.main.output()).size() == dims_of(graph, x).size();
  return kept ? passes::NodeLayouts{layout, {op.slots[0]}, layout} : passes::NodeLayouts{};
}

void lower_reduce(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::ValueId x = op.main.input(0);
  const SlotId input = builder.slot(x);
  builder.add_step(op, *reduce_problem(builder.graph(), op.main, builder.layout(x)), {input},
                   builder.define(op.main.output()));
}

bool fits_arg_reduce(const ir::Graph& graph, const ir::Node& node) {
  return arg_reduce_problem(graph, node).has_value();
}

void lower_arg_reduce(PlanBuilder& builder, const ops::FusedOperator& op) {
  const SlotId input = builder.slot(op.main.input(0));
  builder.add_step(op, *arg_reduce_problem(builder.graph(), op.main), {input},
                   builder.define(op.main.output()));
}

bool fits_layer_norm(const ir::Graph& graph, const ir::Node& node) {
  return layer_norm_problem(graph, node).has_value();
}

void lower_layer_norm(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto problem = *layer_norm_problem(builder.graph(), node);
  std::vector<SlotId> inputs{builder.slot(node.input(0)), builder.slot(node.input(1))};
  if (problem.bias) inputs.push_back(builder.slot(node.input(2)));
  builder.add_step(op, problem, std::move(inputs), builder.define(node.output()));
}

bool fits_group_norm(const ir::Graph& graph, const ir::Node& node) {
  return group_norm_problem(graph, node, Layout::kRowMajor).has_value();
}

void lower_group_norm(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto problem = *group_norm_problem(builder.graph(), node, builder.layout(node.input(0)));
  std::vector<SlotId> inputs;
  for (const std::size_t slot : {0, 1, 2}) inputs.push_back(builder.slot(node.input(slot)));
  builder.add_step(op, problem, std::move(inputs), builder.define(node.output()));
}

}  // namespace lathe::engine
