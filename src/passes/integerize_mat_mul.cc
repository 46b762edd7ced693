#include "ir/domains.h"
#include "ops/attributes.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"MatMul", "Gemm"};

std::size_t rank_of(const ir::Graph& graph, ir::ValueId value) {
  const auto& shape = graph.tensor_type(value).shape;
  return shape ? shape->size() : 0;
}

// An operand of a Gemm of two computed matrices, as MatMul takes it.
ir::ValueId as_stated(ir::ValueId value, bool transposed, Patch& patch) {
  if (!transposed) return value;
  return patch.add_node({.op_type = "Transpose",
                         .inputs = {value},
                         .attributes = {{"perm", std::vector<std::int64_t>{1, 0}}}});
}

// By constant weights, with scales for all or one per column, or of two computed operands, as a
// Gemm without a bias may be too. Without a QuantizeLinear behind it the result stays float32.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto a = dequantized_from(graph, node.input(0));
  const auto b = dequantized_from(graph, node.input(1));
  const bool gemm = node.is("Gemm");
  const ops::Attributes attributes = ops::attributes(node);
  if (!a || rank_of(graph, node.input(0)) < 2 || rank_of(graph, node.input(1)) < 2 ||
      (gemm && (!b || node.input(2) != ir::kNoValue || attributes.get_float("alpha") != 1)))
    return std::nullopt;
  Patch patch;
  const bool transposes_a = gemm && attributes.get_bool("transA");
  const bool transposes_b = gemm && attributes.get_bool("transB");
  ir::Node product{
      .name = node.name,
      .domain = std::string(ir::kLatheDomain),
      .op_type = "QMatMul",
      .inputs = {as_stated(a->value, transposes_a, patch), a->scale, zero_point_of(*a, patch)}};
  const auto add = [&](ir::ValueId value, ir::ValueId scale, ir::ValueId zero) {
    product.inputs.insert(product.inputs.end(), {value, scale, zero});
  };
  if (b) {
    add(as_stated(b->value, transposes_b, patch), b->scale, zero_point_of(*b, patch));
  } else if (const auto w = quantized_weights(graph, node.input(1), 1);
             w && graph.constant(w->value)->rank() == 2) {
    add(w->value, w->scale, zero_point_of(*w, patch));
  } else {
    return std::nullopt;
  }
  const auto y = quantized_to(graph, node.output());
  if (!y) {
    patch.replace_uses(node.output(), patch.add_node(std::move(product)));
    return patch;
  }
  product.domain = "";
  product.op_type = "QLinearMatMul";
  product.inputs.push_back(y->scale);
  product.inputs.push_back(zero_point_of(*y, patch));
  replace_result(*y, patch.add_node(std::move(product)), patch);
  return patch;
}

}  // namespace

const Rule kIntegerizeMatMul{"integerize_mat_mul", kOperators, apply};

}  // namespace lathe::passes
