// Elementwise operators of any type and any broadcast.
#include <algorithm>
#include <array>
#include <map>

#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"
#include "kernels/strided.h"
#include "ops/requantize.h"
#include "ops/shape_math.h"

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
  std::vector<std::int64_t> own;
  if (channels_last && dims == out) {
    put_channels_last(dims);
    own = ops::broadcast_strides(dims, dims);
  } else {
    own = ops::broadcast_strides(dims, out);
    if (channels_last) put_channels_last(own);
  }
  strides.insert(strides.end(), own.begin(), own.end());
}

// How operands lie along the extents of the output, as it lies in memory.
struct BroadcastAxes {
  std::vector<std::int64_t> extents;
  std::vector<std::int64_t> strides;
};

BroadcastAxes broadcast_axes(const std::vector<std::int64_t>& out,
                             std::span<const std::vector<std::int64_t>> operands,
                             bool channels_last) {
  BroadcastAxes axes{out, {}};
  for (const std::vector<std::int64_t>& dims : operands)
    append_strides(dims, out, channels_last, axes.strides);
  if (channels_last) put_channels_last(axes.extents);
  kernels::merge_axes(axes.extents, axes.strides, operands.size());
  return axes;
}

kernels::ElementwiseProblem problem_of(ElementwiseOp op, kernels::ElementType type,
                                       const std::vector<std::int64_t>& out,
                                       std::span<const std::vector<std::int64_t>> operands,
                                       bool channels_last) {
  BroadcastAxes axes = broadcast_axes(out, operands, channels_last);
  return {op, type, std::move(axes.extents), std::move(axes.strides)};
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

namespace {

// A QLinearAdd or QLinearMul whose operands and result have one scale and zero point each.
std::optional<kernels::BinaryInt8Problem> qlinear_problem(const ir::Graph& graph,
                                                          const ir::Node& node,
                                                          bool channels_last) {
  const auto type_of = [&](ir::ValueId v) { return graph.tensor_type(v).data_type; };
  const auto a = quantized_tensor(graph, node, 1, type_of(node.input(0)));
  const auto b = quantized_tensor(graph, node, 4, type_of(node.input(3)));
  const auto y = quantized_tensor(graph, node, 6, type_of(node.output()));
  if (!a || !b || !y) return std::nullopt;
  const bool adds = node.op_type == "QLinearAdd";
  kernels::BinaryInt8Problem problem{
      adds ? kernels::BinaryOpInt8::kAdd : kernels::BinaryOpInt8::kMul, a->activation,
      b->activation, y->activation};
  problem.a_multiplier =
      adds ? a->scale / y->scale : ops::requantize_multiplier(a->scale, b->scale, y->scale);
  problem.b_multiplier = adds ? b->scale / y->scale : 1;
  problem.min = y->activation.lowest();
  problem.max = y->activation.highest();
  BroadcastAxes axes = broadcast_axes(
      dims_of(graph, node.output()),
      std::array{dims_of(graph, node.input(0)), dims_of(graph, node.input(3))}, channels_last);
  problem.extents = std::move(axes.extents);
  problem.strides = std::move(axes.strides);
  if (product(problem.extents) == 0 || problem.extents.size() > kernels::kMostAxes)
    return std::nullopt;
  return problem;
}

}  // namespace

bool fits_qlinear_binary(const ir::Graph& graph, const ir::Node& node) {
  return qlinear_problem(graph, node, false) &&
         (dims_of(graph, node.output()).size() < 3 || qlinear_problem(graph, node, true));
}

void lower_qlinear_binary(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const bool channels_last = builder.layout(node.output()) == Layout::kChannelsLast;
  kernels::BinaryInt8Problem problem = *qlinear_problem(builder.graph(), node, channels_last);
  const IntegerBounds bounds = integer_bounds(problem.output, op.epilogue);
  problem.min = bounds.low;
  problem.max = bounds.high;
  std::vector<SlotId> inputs{builder.slot(node.input(0)), builder.slot(node.input(3))};
  builder.add_step(op, std::move(problem), std::move(inputs), builder.define(node.output()));
}

}  // namespace lathe::engine
