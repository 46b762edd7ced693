#include "engine/lower/convolution_step.h"

namespace lathe::engine {

void add_convolution_f32(PlanBuilder& builder, const ir::Node& node, ir::ValueId input,
                         const kernels::ConvolutionShape& shape, std::span<const float> weights,
                         std::span<const float> bias, Layout layout) {
  const PlanBuilder::Epilogue epilogue =
      builder.fuse_epilogue(node.output(), layout == Layout::kChannelsLast);
  std::shared_ptr<const kernels::ConvolutionF32> layer =
      kernels::ConvolutionF32::create(shape, weights, bias, epilogue.clamp, builder.isa());
  Step step = builder.step_for(node);
  step.op_type += epilogue.op_suffix;
  step.kernel = layer->kernel_name();
  step.macs = shape.macs();
  step.weight_bytes = layer->packed_bytes();
  step.scratch_bytes = layer->scratch_bytes(builder.threads());
  step.inputs = {builder.slot(input, layout)};
  const bool residual = epilogue.residual != ir::kNoValue;
  if (residual) step.inputs.push_back(builder.slot(epilogue.residual, layout));
  step.outputs = {builder.define(epilogue.output, layout)};
  step.run = [layer, residual](const StepRun& r) -> Status {
    layer->run(static_cast<const float*>(r.inputs[0]),
               residual ? static_cast<const float*>(r.inputs[1]) : nullptr,
               static_cast<float*>(r.outputs[0]), r.scratch, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
}

void add_convolution_int8(PlanBuilder& builder, const ir::Node& node, ir::ValueId input,
                          const kernels::ConvolutionShape& shape,
                          std::shared_ptr<const kernels::ConvolutionInt8> layer, Layout layout) {
  Step step = builder.step_for(node);
  step.kernel = layer->kernel_name();
  step.macs = shape.macs();
  step.weight_bytes = layer->packed_bytes();
  step.scratch_bytes = layer->scratch_bytes(builder.threads());
  step.inputs = {builder.slot(input, layout)};
  step.outputs = {builder.define(node.output(), layout)};
  step.run = [layer = std::move(layer)](const StepRun& r) -> Status {
    layer->run(r.inputs[0], r.outputs[0], r.scratch, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
}

}  // namespace lathe::engine
