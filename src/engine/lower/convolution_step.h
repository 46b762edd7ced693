// The step of a convolution or fully connected layer, shared by the lowerings that make one.
#pragma once

#include <memory>

#include "engine/plan_builder.h"
#include "kernels/convolution_f32.h"
#include "kernels/convolution_int8.h"
#include "kernels/convolution_shape.h"

namespace lathe::engine {

// Packs the weights and adds the step, which makes what `op` does with its epilogue.
void add_convolution_f32(PlanBuilder& builder, const ops::FusedOperator& op,
                         const kernels::ConvolutionShape& shape, std::span<const float> weights,
                         std::span<const float> bias);

// Adds the step of an integer layer.
void add_convolution_int8(PlanBuilder& builder, const ops::FusedOperator& op,
                          const kernels::ConvolutionShape& shape,
                          std::shared_ptr<const kernels::ConvolutionInt8> layer);

}  // namespace lathe::engine
