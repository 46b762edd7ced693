#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"
#include "ops/attributes.h"

namespace lathe::engine {
namespace {

void add_step(PlanBuilder& builder, const ops::FusedOperator& op, kernels::Problem problem) {
  const SlotId input = builder.slot(op.main.input(0));
  builder.add_step(op, std::move(problem), {input}, builder.define(op.main.output()));
}

// With one scale and zero point, both constant.
std::optional<QuantizedTensor> quantized_side(const ir::Graph& graph, const ir::Node& node,
                                              ir::ValueId value) {
  return quantized_tensor(graph, node, 1, graph.tensor_type(value).data_type);
}

}  // namespace

bool fits_quantize_linear(const ir::Graph& graph, const ir::Node& node) {
  const auto precision = static_cast<ir::DataType>(ops::attributes(node).get_int("precision"));
  const bool in_float32 =
      precision == ir::DataType::kUndefined || precision == ir::DataType::kFloat32;
  return in_float32 && quantized_side(graph, node, node.output()) &&
         graph.tensor_type(node.input(0)).data_type == ir::DataType::kFloat32;
}

void lower_quantize_linear(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto y = *quantized_side(builder.graph(), node, node.output());
  add_step(
      builder, op,
      kernels::QuantizeLinearProblem{y.scale, y.activation, product(builder.dims(node.output()))});
}

bool fits_lookup(const ir::Graph& graph, const ir::Node& node) {
  const ir::Tensor* table = graph.constant(node.input(1));
  return table != nullptr && table->num_bytes() == 256;
}

void lower_lookup(PlanBuilder& builder, const ops::FusedOperator& op) {
  const SlotId input = builder.slot(op.main.input(0));
  const SlotId table = builder.slot(op.main.input(1));
  builder.add_step(op, kernels::LookupProblem{product(builder.dims(op.main.output()))},
                   {input, table}, builder.define(op.main.output()));
}

bool fits_dequantize_linear(const ir::Graph& graph, const ir::Node& node) {
  return graph.tensor_type(node.output()).data_type == ir::DataType::kFloat32 &&
         quantized_side(graph, node, node.input(0)).has_value();
}

void lower_dequantize_linear(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto x = *quantized_side(builder.graph(), node, node.input(0));
  add_step(builder, op,
           kernels::DequantizeLinearProblem{x.scale, x.activation,
                                            product(builder.dims(node.output()))});
}

}  // namespace lathe::engine
