// The step of a convolution or fully connected layer, shared by the lowerings that make one.
#pragma once

#include <memory>

#include "engine/plan_builder.h"
#include "kernels/convolution_f32.h"
#include "kernels/convolution_int8.h"
#include "kernels/convolution_shape.h"

namespace lathe::engine {

// Packs the weights and adds the step, which reads `input` and makes what the epilogue of `node`
// makes, both in `layout`. A residual addition is fused only into channels-last layers.
void add_convolution_f32(PlanBuilder& builder, const ir::Node& node, ir::ValueId input,
                         const kernels::ConvolutionShape& shape, std::span<const float> weights,
                         std::span<const float> bias, Layout layout);

// Adds the step of an integer layer from `input` to the node's output.
void add_convolution_int8(PlanBuilder& builder, const ir::Node& node, ir::ValueId input,
                          const kernels::ConvolutionShape& shape,
                          std::shared_ptr<const kernels::ConvolutionInt8> layer, Layout layout);

}  // namespace lathe::engine
