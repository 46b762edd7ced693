#include "ir/domains.h"
#include "ops/attributes.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"QLinearAveragePool",       "QLinearConcat",
                                           "QLinearGlobalAveragePool", "QLinearLeakyRelu",
                                           "QLinearSigmoid",           "QLinearSoftmax"};

class Expansion {
 public:
  Expansion(const ir::Graph& graph, const ir::Node& node) : graph_(graph), node_(node) {}

  // Where channels are last they are moved, and moved back.
  RuleResult expand_pool() {
    const auto& shape = graph_.tensor_type(node_.input(0)).shape;
    if (!ops::attributes(node_).get_bool("channels_last") || !shape) return std::nullopt;
    const auto rank = static_cast<std::int64_t>(shape->size());
    std::vector<std::int64_t> to_second{0, rank - 1};
    std::vector<std::int64_t> to_last{0};
    for (std::int64_t axis = 1; axis + 1 < rank; ++axis) to_second.push_back(axis);
    for (std::int64_t axis = 2; axis < rank; ++axis) to_last.push_back(axis);
    to_last.push_back(1);
    ir::Node pool{.name = node_.name,
                  .domain = node_.domain,
                  .op_type = node_.op_type,
                  .inputs = node_.inputs,
                  .attributes = node_.attributes};
    pool.attributes.erase("channels_last");
    pool.inputs[0] = transposed(node_.input(0), std::move(to_second));
    return finish(transposed(patch_.add_node(std::move(pool)), std::move(to_last)));
  }

  RuleResult expand_concat() {
    constexpr std::size_t kFirst = 2;  // behind the result's scale and zero point
    ir::Node concat{.name = node_.name, .op_type = "Concat"};
    concat.attributes.emplace("axis", ops::attributes(node_).get_int("axis"));
    for (std::size_t i = kFirst; i + 2 < node_.inputs.size(); i += 3)
      concat.inputs.push_back(dequantized(i));
    return finish(quantized(patch_.add_node(std::move(concat)), 0));
  }

  RuleResult expand_function(std::string_view op_type, ir::AttributeMap attributes) {
    const ir::ValueId real = patch_.add_node({.name = node_.name,
                                              .op_type = std::string(op_type),
                                              .inputs = {dequantized(0)},
                                              .attributes = std::move(attributes)});
    return finish(quantized(real, 3));
  }

 private:
  ir::ValueId transposed(ir::ValueId value, std::vector<std::int64_t> permutation) {
    return patch_.add_node({.op_type = "Transpose",
                            .inputs = {value},
                            .attributes = {{"perm", std::move(permutation)}}});
  }
  // The zero point behind the scale in a slot, of the type of `like`.
  ir::ValueId zero_point(std::size_t scale, ir::ValueId like) {
    if (node_.input(scale + 1) != ir::kNoValue) return node_.input(scale + 1);
    return patch_.add_constant("zero_point",
                               ir::Tensor::zeros(graph_.tensor_type(like).data_type, {}));
  }
  ir::ValueId dequantized(std::size_t slot) {
    const ir::ValueId value = node_.input(slot);
    return patch_.add_node({.op_type = "DequantizeLinear",
                            .inputs = {value, node_.input(slot + 1), zero_point(slot + 1, value)}});
  }
  ir::ValueId quantized(ir::ValueId real, std::size_t scale) {
    return patch_.add_node(
        {.op_type = "QuantizeLinear",
         .inputs = {real, node_.input(scale), zero_point(scale, node_.output())}});
  }
  RuleResult finish(ir::ValueId made) {
    patch_.replace_uses(node_.output(), made);
    return std::move(patch_);
  }

  const ir::Graph& graph_;
  const ir::Node& node_;
  Patch patch_;
};

// ONNX Runtime's operators that are a float operator between DequantizeLinear and QuantizeLinear
// become these three, which other rules know; its pools get their channels where ONNX has them.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (node.domain != ir::kMicrosoftDomain) return std::nullopt;
  Expansion expansion(graph, node);
  const ops::Attributes attributes = ops::attributes(node);
  if (node.op_type == "QLinearConcat") return expansion.expand_concat();
  if (node.op_type == "QLinearSigmoid") return expansion.expand_function("Sigmoid", {});
  if (node.op_type == "QLinearLeakyRelu") {
    return expansion.expand_function("LeakyRelu", {{"alpha", attributes.get_float("alpha")}});
  }
  if (node.op_type == "QLinearSoftmax")
    return expansion.expand_function("Softmax", {{"axis", attributes.get_int("axis")}});
  return expansion.expand_pool();
}

}  // namespace

const Rule kExpandQuantizedFunctions{"expand_quantized_functions", kOperators, apply};

}  // namespace lathe::passes
