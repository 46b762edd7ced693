// Elementwise operators of any type and any broadcast.
#include <algorithm>
#include <map>

#include "engine/lower/lower.h"
#include "kernels/strided.h"

namespace lathe::engine {
namespace {

using kernels::ElementwiseOp;

const std::map<std::string_view, ElementwiseOp>& operators() {
  static const std::map<std::string_view, ElementwiseOp> table{
      {"Abs", ElementwiseOp::kAbs},         {"Neg", ElementwiseOp::kNeg},
      {"Sign", ElementwiseOp::kSign},       {"Not", ElementwiseOp::kNot},
      {"Sqrt", ElementwiseOp::kSqrt},       {"Reciprocal", ElementwiseOp::kReciprocal},
      {"Exp", ElementwiseOp::kExp},         {"Log", ElementwiseOp::kLog},
      {"Erf", ElementwiseOp::kErf},         {"Sin", ElementwiseOp::kSin},
      {"Cos", ElementwiseOp::kCos},         {"Floor", ElementwiseOp::kFloor},
      {"Ceil", ElementwiseOp::kCeil},       {"Round", ElementwiseOp::kRound},
      {"Add", ElementwiseOp::kAdd},         {"Sub", ElementwiseOp::kSub},
      {"Mul", ElementwiseOp::kMul},         {"Div", ElementwiseOp::kDiv},
      {"Pow", ElementwiseOp::kPow},         {"Min", ElementwiseOp::kMin},
      {"Max", ElementwiseOp::kMax},         {"Equal", ElementwiseOp::kEqual},
      {"Less", ElementwiseOp::kLess},       {"LessOrEqual", ElementwiseOp::kLessOrEqual},
      {"Greater", ElementwiseOp::kGreater}, {"GreaterOrEqual", ElementwiseOp::kGreaterOrEqual},
      {"And", ElementwiseOp::kAnd},         {"Or", ElementwiseOp::kOr},
      {"Xor", ElementwiseOp::kXor},         {"Where", ElementwiseOp::kSelect},
  };
  return table;
}

// x to the power of a constant 2 is x times itself.
bool is_square(const ir::Graph& graph, const ir::Node& node) {
  if (node.op_type != "Pow") return false;
  const ir::Tensor* exponent = graph.constant(node.input(1));
  return exponent != nullptr && exponent->has_elements() && exponent->num_elements() == 1 &&
         exponent->get_double(0) == 2 &&
         dims_of(graph, node.input(0)) == dims_of(graph, node.output());
}

ElementwiseOp operator_of(const ir::Graph& graph, const ir::Node& node) {
  return is_square(graph, node) ? ElementwiseOp::kMul : operators().at(node.op_type);
}

std::vector<ir::ValueId> operands_of(const ir::Graph& graph, const ir::Node& node) {
  if (is_square(graph, node)) return {node.input(0), node.input(0)};
  return node.inputs;
}

// The operand whose type says what the loop is of.
ir::ValueId typical(const ir::Node& node) { return node.input(node.op_type == "Where" ? 1 : 0); }

// Of a dense operand, broadcast to `extents`; the axes in the order that they have in memory.
void append_strides(std::vector<std::int64_t> dims, std::size_t rank, bool channels_last,
                    std::vector<std::int64_t>& strides) {
  dims.insert(dims.begin(), rank - dims.size(), 1);
  if (channels_last) std::rotate(dims.begin() + 1, dims.begin() + 2, dims.end());
  std::vector<std::int64_t> own(rank);
  std::int64_t stride = 1;
  for (std::size_t i = rank; i-- > 0;) {
    own[i] = dims[i] == 1 ? 0 : stride;
    stride *= dims[i];
  }
  strides.insert(strides.end(), own.begin(), own.end());
}

kernels::ElementwiseProblem problem_of(ElementwiseOp op, kernels::ElementType type,
                                       std::vector<std::int64_t> out,
                                       std::span<const std::vector<std::int64_t>> operands,
                                       bool channels_last) {
  kernels::ElementwiseProblem problem{op, type, std::move(out), {}};
  for (const std::vector<std::int64_t>& dims : operands)
    append_strides(dims, problem.extents.size(), channels_last, problem.strides);
  if (channels_last)
    std::rotate(problem.extents.begin() + 1, problem.extents.begin() + 2, problem.extents.end());
  kernels::merge_axes(problem.extents, problem.strides);
  return problem;
}

// Operands of which every element is taken once, or one for all.
bool are_whole_or_single(const ir::Graph& graph, const ir::Node& node) {
  const auto out = dims_of(graph, node.output());
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ir::ValueId input) {
    const auto dims = dims_of(graph, input);
    return dims == out || product(dims) == 1;
  });
}

// The steps of a node: those of more operands than the operator takes go on with what came out.
std::vector<kernels::ElementwiseProblem> problems_of(const ir::Graph& graph, const ir::Node& node,
                                                     bool channels_last) {
  const ElementwiseOp op = operator_of(graph, node);
  const kernels::ElementType type = *element_type(graph, typical(node));
  const auto out = dims_of(graph, node.output());
  std::vector<std::vector<std::int64_t>> dims;
  for (const ir::ValueId operand : operands_of(graph, node))
    dims.push_back(dims_of(graph, operand));
  const std::size_t taken = kernels::operand_count(op);
  std::vector<kernels::ElementwiseProblem> problems{
      problem_of(op, type, out, std::span(dims).first(taken), channels_last)};
  for (std::size_t i = taken; i < dims.size(); ++i)
    problems.push_back(problem_of(op, type, out, std::array{out, dims[i]}, channels_last));
  return problems;
}

}  // namespace

bool fits_elementwise(const ir::Graph& graph, const ir::Node& node) {
  const ElementwiseOp op = operator_of(graph, node);
  const auto type = element_type(graph, typical(node));
  if (!type || !kernels::has_loop(op, *type)) return false;
  const std::vector<ir::ValueId> operands = operands_of(graph, node);
  if (operands.size() < kernels::operand_count(op)) return false;
  for (std::size_t i = op == ElementwiseOp::kSelect ? 1 : 0; i < operands.size(); ++i)
    if (element_type(graph, operands[i]) != type) return false;
  if (product(dims_of(graph, node.output())) == 0) return false;
  const auto problems = problems_of(graph, node, false);
  return std::all_of(problems.begin(), problems.end(), [](const auto& problem) {
    return problem.extents.size() <= kernels::kMostAxes;
  });
}

// As input 0 is, where all lie alike; otherwise broadcasting goes by row-major axes.
passes::NodeLayouts elementwise_layouts(const ir::Graph& graph, const ops::FusedOperator& op,
                                        std::span<const Layout> layouts) {
  const auto out = dims_of(graph, op.main.output());
  const bool any = std::any_of(op.main.inputs.begin(), op.main.inputs.end(), [&](ir::ValueId v) {
    return layouts[static_cast<std::size_t>(v)] == Layout::kChannelsLast;
  });
  if (!any || out.size() < 3 || !are_whole_or_single(graph, op.main)) return {};
  passes::NodeLayouts chosen{Layout::kChannelsLast, {}, Layout::kChannelsLast};
  for (std::size_t i = 0; i < op.main.inputs.size(); ++i)
    if (dims_of(graph, op.main.input(i)) == out) chosen.slots.push_back(op.slots[i]);
  return chosen;
}

void lower_elementwise(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const ir::Graph& graph = builder.graph();
  const std::vector<ir::ValueId> operands = operands_of(graph, node);
  const bool channels_last = builder.layout(node.output()) == Layout::kChannelsLast;
  std::size_t next = 0;
  SlotId made = -1;
  for (kernels::ElementwiseProblem& problem : problems_of(graph, node, channels_last)) {
    std::vector<SlotId> inputs;
    if (next > 0) inputs.push_back(made);
    while (inputs.size() < kernels::operand_count(problem.op))
      inputs.push_back(builder.slot(operands[next++]));
    made = builder.define(node.output());
    builder.add_step(op, std::move(problem), std::move(inputs), made);
  }
  if (!op.epilogue.clamps) return;
  kernels::UnaryF32Problem clamp;
  clamp.clamp = {op.epilogue.minimum, op.epilogue.maximum};
  clamp.count = product(builder.dims(node.output()));
  builder.add_step(op, clamp, {made}, builder.define(node.output()));
}

}  // namespace lathe::engine
