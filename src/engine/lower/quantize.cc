#include "kernels/quantize.h"

#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"

namespace lathe::engine {
namespace {

Step quantization_step(PlanBuilder& builder, const ops::FusedOperator& op) {
  Step step = builder.step_for(op);
  step.inputs = {builder.slot(op.main.input(0))};
  step.outputs = {builder.define(op.main.output())};
  return step;
}

// With one scale and zero point, both constant.
std::optional<QuantizedTensor> quantized_side(const ir::Graph& graph, const ir::Node& node,
                                              ir::ValueId value) {
  return quantized_tensor(graph, node, 1, graph.tensor_type(value).data_type);
}

}  // namespace

bool fits_quantize_linear(const ir::Graph& graph, const ir::Node& node) {
  return quantized_side(graph, node, node.output()) &&
         graph.tensor_type(node.input(0)).data_type == ir::DataType::kFloat32;
}

void lower_quantize_linear(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto y = *quantized_side(builder.graph(), node, node.output());
  const kernels::QuantizeLinear kernel(y.scale, y.activation, builder.isa());
  const std::int64_t count = product(builder.dims(node.output()));
  Step step = quantization_step(builder, op);
  step.kernel = kernel.kernel_name();
  step.run = [kernel, count](const StepRun& r) -> Status {
    kernel.run(static_cast<const float*>(r.inputs[0]), r.outputs[0], count, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
}

bool fits_dequantize_linear(const ir::Graph& graph, const ir::Node& node) {
  return quantized_side(graph, node, node.input(0)).has_value();
}

void lower_dequantize_linear(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto x = *quantized_side(builder.graph(), node, node.input(0));
  const kernels::DequantizeLinear kernel(x.scale, x.activation, builder.isa());
  const std::int64_t count = product(builder.dims(node.output()));
  Step step = quantization_step(builder, op);
  step.kernel = "dequantize_linear";
  step.run = [kernel, count](const StepRun& r) -> Status {
    kernel.run(r.inputs[0], static_cast<float*>(r.outputs[0]), count, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
}

}  // namespace lathe::engine
