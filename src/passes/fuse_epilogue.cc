#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/domains.h"
#include "ops/attributes.h"
#include "ops/fused.h"
#include "ops/shape_math.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::ValueId;

constexpr std::string_view kOperators[] = {"Add", "Relu", "Clip"};

bool is_float_constant(const Graph& graph, ValueId value) {
  const ir::Tensor* tensor = graph.constant(value);
  return tensor != nullptr && tensor->data_type() == DataType::kFloat32;
}

// Operands of one shape, or one of them a single number.
bool is_simple_broadcast(const Graph& graph, const Node& node) {
  const auto is_number = [&](ValueId value) {
    const auto& shape = graph.tensor_type(value).shape;
    return shape && std::all_of(shape->begin(), shape->end(),
                                [](const ir::Dim& dim) { return dim == ir::Dim(1); });
  };
  return ops::same_extents(graph.tensor_type(node.input(0)), graph.tensor_type(node.input(1))) ||
         is_number(node.input(0)) || is_number(node.input(1));
}

// How much of an epilogue the kernels of an operator take.
enum class Takes { kNothing, kClamp, kResidualAndClamp };

Takes takes(const Graph& graph, const Node& main) {
  const DataType type = graph.tensor_type(main.output()).data_type;
  if (type == DataType::kInt8 || type == DataType::kUint8) {
    for (const std::string_view op : {"QLinearConv", "QLinearMatMul"})
      if (main.is(op)) return Takes::kClamp;
    for (const std::string_view op :
         {"QGemm", "QLinearAdd", "QLinearMul", "QLinearAveragePool", "QLinearGlobalAveragePool"})
      if (main.is(op, ir::kMicrosoftDomain)) return Takes::kClamp;
  }
  if (type != DataType::kFloat32) return Takes::kNothing;
  const auto& shape = graph.tensor_type(main.input(0)).shape;
  const std::size_t rank = shape ? shape->size() : 0;
  const bool constant_weights = is_float_constant(graph, main.input(1));
  const bool constant_bias =
      main.input(2) == ir::kNoValue || is_float_constant(graph, main.input(2));
  if (main.is("Conv"))
    return constant_weights && constant_bias && (rank == 3 || rank == 4) ? Takes::kResidualAndClamp
                                                                         : Takes::kNothing;
  if (main.is("BatchNormalization")) {
    const bool constant = std::all_of(main.inputs.begin() + 1, main.inputs.end(),
                                      [&](ValueId v) { return is_float_constant(graph, v); });
    const bool at_rest = !ops::attributes(main).get_bool("training_mode");
    return constant && rank >= 2 && at_rest ? Takes::kResidualAndClamp : Takes::kNothing;
  }
  if (main.is("Gemm")) {
    const ir::Tensor* c = graph.constant(main.input(2));
    const bool is_row = c == nullptr || c->rank() < 2 || c->dim(0) == 1;
    const bool fits =
        constant_weights && constant_bias && is_row && !ops::attributes(main).get_bool("transA");
    return fits ? Takes::kClamp : Takes::kNothing;
  }
  if (main.is("MatMul")) {
    const bool fits = constant_weights && graph.constant(main.input(1))->rank() == 2 && rank >= 2;
    return fits ? Takes::kClamp : Takes::kNothing;
  }
  for (const std::string_view binary : {"Add", "Sub", "Mul", "Div"}) {
    if (main.is(binary) && is_simple_broadcast(graph, main)) return Takes::kClamp;
  }
  return Takes::kNothing;
}

bool is_clamp(const Graph& graph, const Node& node) {
  if (node.is("Relu")) return true;
  const auto bound = [&](std::size_t slot, double absent) {
    if (node.input(slot) == ir::kNoValue) return absent;
    const ir::Tensor* constant = graph.constant(node.input(slot));
    return constant == nullptr ? std::nan("") : constant->get_double(0);
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return bound(1, -kInfinity) <= bound(2, kInfinity);
}

// The slot of `next` whose maker takes it as a part of its epilogue.
std::optional<std::size_t> fusible_slot(const Graph& graph, const Node& next) {
  const bool adds = next.is("Add");
  if (!adds && !is_clamp(graph, next)) return std::nullopt;
  for (std::size_t slot = 0; slot < (adds ? 2U : 1U); ++slot) {
    const ValueId made = next.input(slot);
    const Node* maker = graph.producer(made);
    if (maker == nullptr || graph.readers(made).size() != 1 || graph.is_output(made)) continue;
    const auto parts = ops::unfuse(*maker);
    if (!parts || parts->epilogue.clamps) continue;
    const Takes most = takes(graph, parts->main);
    if (most == Takes::kNothing) continue;
    if (!adds) return slot;
    // A residual is no constant, and as large as what it is added to.
    const ValueId other = next.input(1 - slot);
    if (most == Takes::kResidualAndClamp && parts->epilogue.residual == ir::kNoValue &&
        graph.constant(other) == nullptr &&
        ops::same_extents(graph.tensor_type(made), graph.tensor_type(other))) {
      return slot;
    }
  }
  return std::nullopt;
}

// A graph that computes some nodes, and the operands of the graph around that its inputs are.
struct Body {
  Graph graph;
  std::vector<ValueId> operands;
};

// What `maker` computes: its body, or the node alone.
Body body_of(const Graph& graph, const Node& maker) {
  if (const auto subgraphs = ir::subgraphs(maker); !subgraphs.empty())
    return {*subgraphs[0]->graph, maker.inputs};
  Body body;
  Node inner = maker;
  for (ValueId& input : inner.inputs) {
    if (input == ir::kNoValue) continue;
    body.operands.push_back(input);
    input = body.graph.add_input(graph.value(input).name, graph.type(input));
  }
  inner.outputs = {
      body.graph.add_value(graph.value(maker.output()).name, graph.type(maker.output()))};
  const ValueId made = inner.output();
  body.graph.add_node(std::move(inner));
  body.graph.set_outputs({made});
  return body;
}

// Lets `next` follow; its operand in `slot` is what the body makes. Other operands become inputs of
// the body, bounds constants in it.
void append(Body& body, const Graph& graph, const Node& next, std::size_t slot) {
  Node inner = next;
  for (std::size_t i = 0; i < inner.inputs.size(); ++i) {
    ValueId& input = inner.inputs[i];
    if (i == slot) {
      input = body.graph.outputs()[0];
    } else if (const ir::Tensor* constant = graph.constant(input)) {
      input = body.graph.add_constant(graph.value(input).name, *constant);
    } else if (input != ir::kNoValue) {
      body.operands.push_back(input);
      input = body.graph.add_input(graph.value(input).name, graph.type(input));
    }
  }
  const ValueId made =
      body.graph.add_value(graph.value(next.output()).name, graph.type(next.output()));
  inner.outputs = {made};
  body.graph.add_node(std::move(inner));
  body.graph.set_outputs({made});
}

RuleResult apply(const Graph& graph, ir::NodeId id) {
  const Node& next = graph.node(id);
  const auto slot = fusible_slot(graph, next);
  if (!slot) return std::nullopt;
  const ir::NodeId maker = graph.value(next.input(*slot)).producer;
  Body body = body_of(graph, graph.node(maker));
  append(body, graph, next, *slot);
  Patch patch;
  const ValueId made = patch.add_node(
      {.name = graph.node(maker).name,
       .domain = std::string(ir::kLatheDomain),
       .op_type = "Fused",
       .inputs = body.operands,
       .attributes = {{"body",
                       ir::Subgraph{std::make_shared<const Graph>(std::move(body.graph)), {}}}}},
      maker);
  patch.replace_uses(next.output(), made);
  return patch;
}

}  // namespace

// An Add, Relu or Clip joins the convolution, matrix product or arithmetic that alone feeds it, as
// one kernel computes them: see ops/fused.h.
const Rule kFuseEpilogue{"fuse_epilogue", kOperators, apply};

}  // namespace lathe::passes
