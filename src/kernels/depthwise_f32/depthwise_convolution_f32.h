// Depthwise convolution: each output channel reads one input channel alone.
#pragma once

#include <memory>
#include <span>

#include "kernels/convolution_f32.h"

namespace lathe::kernels {

// As ConvolutionF32::create, for shape.is_depthwise(). Out_c may be a multiple of in_c.
std::unique_ptr<ConvolutionF32> create_depthwise_convolution_f32(const ConvolutionShape& shape,
                                                                 std::span<const float> weights,
                                                                 std::span<const float> bias,
                                                                 ClampF32 clamp, Isa isa);

}  // namespace lathe::kernels
