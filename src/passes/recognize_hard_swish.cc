// HardSwish (Howard et al. 2019), x * HardSigmoid(x), and HardSigmoid itself, which are exported as
// Clip(x + 3, 0, 6) / 6.
#include <cmath>

#include "ops/attributes.h"
#include "passes/match.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Div", "Mul"};

// x of Clip(x + 3, 0, 6).
std::optional<ir::ValueId> clipped(const ir::Graph& graph, ir::ValueId value) {
  const ir::Node* clip = made_by(graph, value, "Clip");
  if (clip == nullptr || !is_number(graph, clip->input(1), 0) ||
      !is_number(graph, clip->input(2), 6))
    return std::nullopt;
  const auto sum = with_number(graph, made_by(graph, clip->input(0), "Add"));
  return sum && sum->number == 3 ? std::optional(sum->value) : std::nullopt;
}

// x of the HardSigmoid of which HardSwish is made.
std::optional<ir::ValueId> hard_sigmoid(const ir::Graph& graph, ir::ValueId value) {
  const ir::Node* node = made_by(graph, value, "HardSigmoid");
  if (node == nullptr) return std::nullopt;
  const ops::Attributes attributes = ops::attributes(*node);
  const bool fits = std::abs(attributes.get_float("alpha") - 1.0F / 6) < 1e-6F &&
                    attributes.get_float("beta") == 0.5F;
  return fits ? std::optional(node->input(0)) : std::nullopt;
}

Patch replaced(const ir::Node& node, std::string_view op, ir::ValueId x,
               ir::AttributeMap attributes = {}) {
  Patch patch;
  patch.replace_uses(node.output(), patch.add_node({.name = node.name,
                                                    .op_type = std::string(op),
                                                    .inputs = {x},
                                                    .attributes = std::move(attributes)}));
  return patch;
}

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (graph.tensor_type(node.output()).data_type != ir::DataType::kFloat32) return std::nullopt;
  const Product product = factors_of(graph, node.output());
  const bool sixth = std::abs(product.number * 6 - 1) < 1e-5;
  if (product.factors.size() == 2) {
    for (const std::size_t slot : {0, 1}) {
      const ir::ValueId x = product.factors[slot];
      const ir::ValueId gate = product.factors[1 - slot];
      if ((sixth && clipped(graph, gate) == x) ||
          (product.number == 1 && hard_sigmoid(graph, gate) == x))
        return replaced(node, "HardSwish", x);
    }
  }
  if (product.factors.size() == 1 && sixth) {
    if (const auto x = clipped(graph, product.factors[0]))
      return replaced(node, "HardSigmoid", *x, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
  }
  return std::nullopt;
}

}  // namespace

const Rule kRecognizeHardSwish{"recognize_hard_swish", kOperators, apply, 14};

}  // namespace lathe::passes
