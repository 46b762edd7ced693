#include "ops/fused.h"

#include <algorithm>
#include <numeric>

#include "ops/infer_shapes.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

const ir::Subgraph* body_of(const ir::Node& node) {
  const auto it = node.attributes.find("body");
  return it == node.attributes.end() ? nullptr : std::get_if<ir::Subgraph>(&it->second);
}

// Reads a body from its first node to its last.
class BodyReader {
 public:
  BodyReader(const ir::Node& outer, const ir::Graph& body) : outer_(outer), body_(body) {}

  std::optional<FusedOperator> read() {
    const auto order = body_.topological_order();
    if (!order.ok() || order->empty()) return std::nullopt;
    for (const ir::NodeId id : *order) {
      const ir::Node& node = body_.node(id);
      if (node.outputs.size() != 1) return std::nullopt;
      const bool taken = made_ == ir::kNoValue ? take_main(node) : take_epilogue(node);
      if (!taken) return std::nullopt;
      made_ = node.output();
    }
    if (body_.outputs().size() != 1 || body_.outputs()[0] != made_) return std::nullopt;
    return std::move(result_);
  }

 private:
  // The node's input that one of the body stands for.
  [[nodiscard]] std::optional<std::size_t> slot_of(ir::ValueId input) const {
    const auto it = std::find(body_.inputs().begin(), body_.inputs().end(), input);
    const auto slot = static_cast<std::size_t>(it - body_.inputs().begin());
    return it != body_.inputs().end() && outer_.input(slot) != ir::kNoValue ? std::optional(slot)
                                                                            : std::nullopt;
  }

  bool take_main(const ir::Node& node) {
    result_.main = node;
    result_.main.name = outer_.name;
    result_.main.outputs = outer_.outputs;
    for (ir::ValueId& input : result_.main.inputs) {
      const auto slot = input == ir::kNoValue ? std::optional<std::size_t>(0) : slot_of(input);
      if (!slot) return false;
      result_.slots.push_back(*slot);
      if (input != ir::kNoValue) input = outer_.input(*slot);
    }
    return true;
  }

  bool take_epilogue(const ir::Node& node) {
    Epilogue& epilogue = result_.epilogue;
    const bool reads_made =
        std::find(node.inputs.begin(), node.inputs.end(), made_) != node.inputs.end();
    if (!reads_made || body_.readers(made_).size() != 1 || epilogue.clamps) return false;
    epilogue.names += "+" + node.op_type;
    if (node.is("Add")) {
      const auto other = slot_of(node.input(node.input(0) == made_ ? 1 : 0));
      if (!other || epilogue.residual != ir::kNoValue) return false;
      epilogue.residual_slot = *other;
      epilogue.residual = outer_.input(*other);
      return true;
    }
    epilogue.clamps = true;
    if (node.is("Relu")) {
      epilogue.minimum = 0;
      return true;
    }
    return node.is("Clip") && node.input(0) == made_ &&
           take_bound(node.input(1), epilogue.minimum) &&
           take_bound(node.input(2), epilogue.maximum) && epilogue.minimum <= epilogue.maximum;
  }

  bool take_bound(ir::ValueId value, float& bound) const {
    if (value == ir::kNoValue) return true;
    const ir::Tensor* constant = body_.constant(value);
    if (constant == nullptr || constant->num_elements() != 1 ||
        constant->data_type() == ir::DataType::kString) {
      return false;
    }
    bound = static_cast<float>(constant->get_double(0));
    return true;
  }

  const ir::Node& outer_;
  const ir::Graph& body_;
  ir::ValueId made_ = ir::kNoValue;  // by the nodes so far
  FusedOperator result_;
};

// What a body makes that has been inferred before, from its main operator alone: what follows that
// changes neither type nor extents. Empty where a residual may.
Result<std::optional<Types>> infer_main(const InferContext& context) {
  const ir::Subgraph* body = body_of(context.node());
  if (body == nullptr || body->graph->outputs().size() != 1 ||
      !body->graph->type(body->graph->outputs()[0]).known()) {
    return std::nullopt;
  }
  const auto op = unfuse(context.node());
  if (!op) return std::nullopt;
  ASSIGN_OR_RETURN(Types types, context.infer(op->main));
  if (op->epilogue.residual == ir::kNoValue) return types;
  const ir::Type& residual = context.input_type(op->epilogue.residual_slot);
  const bool same = types.size() == 1 && residual == types[0] && residual.tensor().shape &&
                    ir::fully_known(*residual.tensor().shape);
  return same ? std::optional(std::move(types)) : std::nullopt;
}

Result<Types> infer_fused(const InferContext& context) {
  ASSIGN_OR_RETURN(auto of_main, infer_main(context));
  if (of_main) return *std::move(of_main);
  std::vector<ir::Type> inputs;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    if (!context.has_input(i)) return invalid_data("{} is missing", context.place(i));
    inputs.push_back(context.input_type(i));
  }
  ASSIGN_OR_RETURN(Types types, context.infer_subgraph("body", inputs));
  if (types.size() != 1) return invalid_data("body has {} outputs, expected 1", types.size());
  const ir::DataType type = types[0].tensor().data_type;
  if (type != ir::DataType::kFloat32 && type != ir::DataType::kInt8 &&
      type != ir::DataType::kUint8) {
    return invalid_data("body makes {}, expected float32, int8 or uint8", types[0].to_string());
  }
  return types;
}

Result<Values> evaluate_fused(const EvaluateContext& context) {
  return context.run_subgraph("body", context.values);
}

// Those of its main operator, or of all of its body; 0 where an extent in there is known at run
// time only.
std::optional<std::int64_t> macs_fused(const ir::Node& node, std::span<const ir::TensorType> inputs,
                                       std::span<const ir::TensorType> outputs) {
  if (const auto op = unfuse(node)) {
    const OpDef* main = find_op(op->main.domain, op->main.op_type);
    if (main == nullptr || main->macs == nullptr) return 0;
    std::vector<ir::TensorType> operands;
    for (std::size_t i = 0; i < op->slots.size(); ++i)
      operands.push_back(op->main.input(i) == ir::kNoValue ? ir::TensorType{}
                                                           : inputs[op->slots[i]]);
    return main->macs(op->main, operands, outputs);
  }
  const ir::Graph& body = *body_of(node)->graph;
  for (std::size_t i = 0; i < body.value_count(); ++i) {
    const auto& shape = body.tensor_type(static_cast<ir::ValueId>(i)).shape;
    if (!shape || !ir::fully_known(*shape)) return 0;
  }
  return count_macs(body);
}

}  // namespace

std::optional<FusedOperator> unfuse(const ir::Node& node) {
  if (!node.is("Fused", ir::kLatheDomain)) {
    std::vector<std::size_t> slots(node.inputs.size());
    std::iota(slots.begin(), slots.end(), std::size_t{0});
    return FusedOperator{node, std::move(slots), {}};
  }
  const ir::Subgraph* body = body_of(node);
  if (body == nullptr || !body->captures.empty()) return std::nullopt;
  return BodyReader(node, *body->graph).read();
}

OpDef define_Fused() {
  return {.name = "Fused",
          .domain = ir::kLatheDomain,
          .infer = infer_fused,
          .evaluate = evaluate_fused,
          .macs = macs_fused};
}

}  // namespace lathe::ops
