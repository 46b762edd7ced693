#include "kernels/quantize.h"

#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"

namespace lathe::engine {
namespace {

std::int64_t element_count(const PlanBuilder& builder, ir::ValueId value) {
  return ir::element_count(builder.dims(value)).value_or(0);
}

// A step in whatever layout the input has.
Step layout_preserving_step(PlanBuilder& builder, const ir::Node& node) {
  const Layout layout = builder.layout(node.input(0));
  Step step = builder.step_for(node);
  step.inputs = {builder.slot(node.input(0), layout)};
  step.outputs = {builder.define(node.output(), layout)};
  return step;
}

}  // namespace

Result<bool> lower_quantize_linear(PlanBuilder& builder, const ir::Node& node) {
  const ir::Graph& graph = builder.graph();
  const auto y = quantized_tensor(graph, node, 1, graph.value(node.output()).type.data_type);
  if (!y || graph.value(node.input(0)).type.data_type != ir::DataType::kFloat32) return false;
  const kernels::QuantizeLinear kernel(y->scale, y->activation, builder.isa());
  const std::int64_t count = element_count(builder, node.output());
  Step step = layout_preserving_step(builder, node);
  step.kernel = kernel.kernel_name();
  step.run = [kernel, count](const StepRun& r) -> Status {
    kernel.run(static_cast<const float*>(r.inputs[0]), r.outputs[0], count, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
  return true;
}

Result<bool> lower_dequantize_linear(PlanBuilder& builder, const ir::Node& node) {
  const ir::Graph& graph = builder.graph();
  const auto x = quantized_tensor(graph, node, 1, graph.value(node.input(0)).type.data_type);
  if (!x || graph.constant(node.input(0)) != nullptr) return false;
  const kernels::DequantizeLinear kernel(x->scale, x->activation, builder.isa());
  const std::int64_t count = element_count(builder, node.output());
  Step step = layout_preserving_step(builder, node);
  step.kernel = "dequantize_linear";
  step.run = [kernel, count](const StepRun& r) -> Status {
    kernel.run(r.inputs[0], static_cast<float*>(r.outputs[0]), count, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
  return true;
}

}  // namespace lathe::engine
