#include <algorithm>
#include <cmath>
#include <map>

#include "engine/lower/convolution_step.h"
#include "engine/lower/lower.h"
#include "ops/attributes.h"

namespace lathe::engine {
namespace {

using kernels::BinaryOpF32;
using kernels::UnaryOpF32;

BinaryOpF32 binary_op(const ir::Node& node, bool swapped) {
  if (node.op_type == "Add") return BinaryOpF32::kAdd;
  if (node.op_type == "Mul") return BinaryOpF32::kMul;
  if (node.op_type == "Sub") return swapped ? BinaryOpF32::kReverseSub : BinaryOpF32::kSub;
  return swapped ? BinaryOpF32::kReverseDiv : BinaryOpF32::kDiv;
}

// How the smaller operand repeats along the larger one.
enum class Repeat { kNone, kScalar, kChannels, kUnsupported };

Repeat repeat_of(const std::vector<std::int64_t>& small, const std::vector<std::int64_t>& out,
                 Layout layout) {
  if (small == out) return Repeat::kNone;
  if (product(small) == 1) return Repeat::kScalar;
  // One value per extent of a single axis, which must be the last one in memory.
  const std::size_t axis = layout == Layout::kChannelsLast && out.size() > 2 ? 1 : out.size() - 1;
  for (std::size_t i = 0; i < small.size(); ++i) {
    const std::size_t at = i + out.size() - small.size();
    if (small[i] != (at == axis ? out[axis] : 1)) return Repeat::kUnsupported;
  }
  return product(small) == out[axis] ? Repeat::kChannels : Repeat::kUnsupported;
}

// The operands of a binary operator with the one of the output's shape first.
struct BinaryOperands {
  ir::ValueId whole;
  ir::ValueId repeated;
  bool swapped;
  std::vector<std::int64_t> out;
  std::vector<std::int64_t> repeated_dims;
};

std::optional<BinaryOperands> binary_operands(const ir::Graph& graph, const ir::Node& node) {
  BinaryOperands operands{node.input(0), node.input(1), false, dims_of(graph, node.output()), {}};
  if (dims_of(graph, operands.whole) != operands.out) {
    std::swap(operands.whole, operands.repeated);
    operands.swapped = true;
  }
  if (dims_of(graph, operands.whole) != operands.out || product(operands.out) == 0)
    return std::nullopt;
  operands.repeated_dims = dims_of(graph, operands.repeated);
  return operands;
}

bool is_supported(const BinaryOperands& operands, Layout layout) {
  if (layout == Layout::kChannelsLast && operands.out.size() < 3) return false;
  return repeat_of(operands.repeated_dims, operands.out, layout) != Repeat::kUnsupported;
}

// Relu, or Clip between constants.
std::optional<kernels::ClampF32> constant_clamp(const ir::Graph& graph, const ir::Node& node) {
  kernels::ClampF32 clamp;
  if (node.op_type == "Relu") {
    clamp.min = 0;
    return clamp;
  }
  for (const std::size_t i : {1U, 2U}) {
    if (node.input(i) == ir::kNoValue) continue;
    const ir::Tensor* bound = graph.constant(node.input(i));
    if (bound == nullptr || bound->num_elements() != 1) return std::nullopt;
    (i == 1 ? clamp.min : clamp.max) = static_cast<float>(bound->get_double(0));
  }
  return clamp.min <= clamp.max ? std::optional(clamp) : std::nullopt;
}

// Those without parameters.
UnaryOpF32 plain_unary_op(const ir::Node& node) {
  static const std::map<std::string_view, UnaryOpF32> table{
      {"Abs", UnaryOpF32::kAbs},     {"Ceil", UnaryOpF32::kCeil},
      {"Erf", UnaryOpF32::kErf},     {"Exp", UnaryOpF32::kExp},
      {"Floor", UnaryOpF32::kFloor}, {"Log", UnaryOpF32::kLog},
      {"Neg", UnaryOpF32::kNeg},     {"Reciprocal", UnaryOpF32::kReciprocal},
      {"Round", UnaryOpF32::kRound}, {"Sigmoid", UnaryOpF32::kSigmoid},
      {"Sqrt", UnaryOpF32::kSqrt},   {"Tanh", UnaryOpF32::kTanh},
  };
  return table.at(node.op_type);
}

bool is_clamp(const ir::Node& node) { return node.op_type == "Relu" || node.op_type == "Clip"; }

}  // namespace

bool repeats_along(const ir::Graph& graph, const ir::Node& node, Layout layout) {
  const auto operands = binary_operands(graph, node);
  return operands && is_supported(*operands, layout);
}

bool fits_binary(const ir::Graph& graph, const ir::Node& node) {
  if (!float_storage(graph, node.input(0))) return false;
  const auto operands = binary_operands(graph, node);
  return operands && (is_supported(*operands, Layout::kRowMajor) ||
                      is_supported(*operands, Layout::kChannelsLast));
}

void lower_binary(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const BinaryOperands operands = *binary_operands(builder.graph(), node);
  const Layout layout = builder.layout(node.output());
  // A repetition that is none along the last axis in memory.
  if (!is_supported(operands, layout)) return lower_elementwise(builder, op);
  const Repeat repeat = repeat_of(operands.repeated_dims, operands.out, layout);
  kernels::BinaryF32Problem problem;
  problem.op = binary_op(node, operands.swapped);
  problem.clamp = {op.epilogue.minimum, op.epilogue.maximum};
  problem.storage = *float_storage(builder.graph(), node.input(0));
  problem.columns = product(operands.out);
  if (repeat == Repeat::kScalar) problem.operand = kernels::OperandF32::kScalar;
  if (repeat == Repeat::kChannels) {
    problem.operand = kernels::OperandF32::kColumn;
    const std::int64_t channels = product(operands.repeated_dims);
    problem.rows = problem.columns / channels;
    problem.columns = channels;
  }
  std::vector<SlotId> inputs{builder.slot(operands.whole), builder.slot(operands.repeated)};
  builder.add_step(op, problem, std::move(inputs), builder.define(node.output()));
}

bool fits_unary(const ir::Graph& graph, const ir::Node& node) {
  return float_storage(graph, node.input(0)) && (!is_clamp(node) || constant_clamp(graph, node));
}

void lower_unary(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  kernels::UnaryF32Problem problem;
  if (is_clamp(node)) {
    problem.clamp = *constant_clamp(builder.graph(), node);
  } else if (node.op_type == "LeakyRelu") {
    problem.op = UnaryOpF32::kLeakyRelu;
    problem.alpha = ops::attributes(node).get_float("alpha");
  } else if (node.op_type == "HardSigmoid") {
    problem.op = UnaryOpF32::kHardSigmoid;
    problem.alpha = ops::attributes(node).get_float("alpha");
    problem.beta = ops::attributes(node).get_float("beta");
  } else if (node.op_type == "HardSwish") {
    problem.op = UnaryOpF32::kHardSwish;
    problem.alpha = 1.0F / 6.0F;
    problem.beta = 0.5F;
  } else {
    problem.op = plain_unary_op(node);
  }
  problem.count = product(builder.dims(node.output()));
  problem.storage = *float_storage(builder.graph(), node.input(0));
  const SlotId input = builder.slot(node.input(0));
  builder.add_step(op, problem, {input}, builder.define(node.output()));
}

bool fits_batch_normalization(const ir::Graph& graph, const ir::Node& node) {
  const auto x = dims_of(graph, node.input(0));
  if (!float_storage(graph, node.input(0)) || x.size() < 2 || product(x) == 0 ||
      ops::attributes(node).get_bool("training_mode")) {
    return false;
  }
  return std::all_of(node.inputs.begin() + 1, node.inputs.end(),
                     [&](ir::ValueId v) { return graph.constant(v) != nullptr; });
}

// What is left of batch normalization after folding is a depthwise 1x1 convolution.
void lower_batch_normalization(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto& x = builder.dims(node.input(0));
  kernels::ConvolutionShape shape;
  shape.batch = x[0];
  shape.in_c = shape.out_c = shape.groups = x[1];
  shape.in_w = shape.out_w = product(x) / (x[0] * x[1]);
  const float epsilon = ops::attributes(node).get_float("epsilon");
  std::vector<float> factor;
  std::vector<float> offset;
  add_convolution_f32(builder, op, shape, {as_parameter(epsilon)}, [&] {
    const auto part = [&](std::size_t i, std::int64_t channel) {
      return builder.graph().constant(node.input(i))->get_double(channel);
    };
    for (std::int64_t c = 0; c < shape.out_c; ++c) {
      const double f = part(1, c) / std::sqrt(part(4, c) + static_cast<double>(epsilon));
      factor.push_back(static_cast<float>(f));
      offset.push_back(static_cast<float>(part(2, c) - part(3, c) * f));
    }
    return kernels::WeightsF32{factor, offset};
  });
}

}  // namespace lathe::engine
