#include "engine/lower/convolution_step.h"

namespace lathe::engine {
namespace {

template <typename Layer>
Step layer_step(PlanBuilder& builder, const ops::FusedOperator& op,
                const kernels::ConvolutionShape& shape, const Layer& layer) {
  Step step = builder.step_for(op);
  step.kernel = layer.kernel_name();
  step.macs = shape.macs();
  step.weight_bytes = layer.packed_bytes();
  step.scratch_bytes = layer.scratch_bytes(builder.threads());
  step.inputs = {builder.slot(op.main.input(0))};
  return step;
}

}  // namespace

void add_convolution_f32(PlanBuilder& builder, const ops::FusedOperator& op,
                         const kernels::ConvolutionShape& shape, std::span<const float> weights,
                         std::span<const float> bias) {
  const std::shared_ptr<const kernels::ConvolutionF32> layer = kernels::ConvolutionF32::create(
      shape, weights, bias, {op.epilogue.minimum, op.epilogue.maximum}, builder.isa());
  Step step = layer_step(builder, op, shape, *layer);
  const bool residual = op.epilogue.residual != ir::kNoValue;
  if (residual) step.inputs.push_back(builder.slot(op.epilogue.residual));
  step.outputs = {builder.define(op.main.output())};
  step.run = [layer, residual](const StepRun& r) -> Status {
    layer->run(static_cast<const float*>(r.inputs[0]),
               residual ? static_cast<const float*>(r.inputs[1]) : nullptr,
               static_cast<float*>(r.outputs[0]), r.scratch, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
}

void add_convolution_int8(PlanBuilder& builder, const ops::FusedOperator& op,
                          const kernels::ConvolutionShape& shape,
                          std::shared_ptr<const kernels::ConvolutionInt8> layer) {
  Step step = layer_step(builder, op, shape, *layer);
  step.outputs = {builder.define(op.main.output())};
  step.run = [layer = std::move(layer)](const StepRun& r) -> Status {
    layer->run(r.inputs[0], r.outputs[0], r.scratch, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
}

}  // namespace lathe::engine
