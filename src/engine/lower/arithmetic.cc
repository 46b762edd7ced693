// Elementwise operators of any type and any broadcast.
#include <algorithm>
#include <array>
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

// Behind axis 0, axis 1 goes behind all others.
void put_channels_last(std::vector<std::int64_t>& axes) {
  std::rotate(axes.begin() + 1, axes.begin() + 2, axes.end());
}

// Strides of a dense operand that is broadcast. Where the output is channels-last so are the
// operands that have all of its extents; the others are row-major.
void append_strides(std::vector<std::int64_t> dims, const std::vector<std::int64_t>& out,
                    bool channels_last, std::vector<std::int64_t>& strides) {
  dims.insert(dims.begin(), out.size() - dims.size(), 1);
  const bool lies_channels_last = channels_last && dims == out;
  if (lies_channels_last) put_channels_last(dims);
  std::vector<std::int64_t> own(dims.size());
  std::int64_t stride = 1;
  for (std::size_t i = dims.size(); i-- > 0;) {
    own[i] = dims[i] == 1 ? 0 : stride;
    stride *= dims[i];
  }
  if (channels_last && !lies_channels_last) put_channels_last(own);
  strides.insert(strides.end(), own.begin(), own.end());
}

kernels::ElementwiseProblem problem_of(ElementwiseOp op, kernels::ElementType type,
                                       const std::vector<std::int64_t>& out,
                                       std::span<const std::vector<std::int64_t>> operands,
                                       bool channels_last) {
  kernels::ElementwiseProblem problem{op, type, out, {}};
  for (const std::vector<std::int64_t>& dims : operands)
    append_strides(dims, out, channels_last, problem.strides);
  if (channels_last) put_channels_last(problem.extents);
  kernels::merge_axes(problem.extents, problem.strides, operands.size());
  return problem;
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
  for (const bool channels_last : {false, dims_of(graph, node.output()).size() > 2}) {
    for (const kernels::ElementwiseProblem& problem : problems_of(graph, node, channels_last))
      if (problem.extents.size() > kernels::kMostAxes) return false;
  }
  return true;
}

// Channels-last where an operand of the whole shape is.
passes::NodeLayouts elementwise_layouts(const ir::Graph& graph, const ops::FusedOperator& op,
                                        std::span<const Layout> layouts) {
  const auto out = dims_of(graph, op.main.output());
  if (out.size() < 3) return {};
  passes::NodeLayouts chosen{Layout::kChannelsLast, {}, Layout::kChannelsLast};
  bool any = false;
  for (std::size_t i = 0; i < op.main.inputs.size(); ++i) {
    if (dims_of(graph, op.main.input(i)) != out) continue;
    chosen.slots.push_back(op.slots[i]);
    any = any || layouts[static_cast<std::size_t>(op.main.input(i))] == Layout::kChannelsLast;
  }
  return any ? chosen : passes::NodeLayouts{};
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
