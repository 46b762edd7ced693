// Convolution by indirect matrix multiplication: every shape, the choice for all but depthwise.
#pragma once

#include <memory>
#include <span>

#include "kernels/convolution_f32.h"

namespace lathe::kernels {

// As ConvolutionF32::create.
std::unique_ptr<ConvolutionF32> create_igemm_convolution_f32(const ConvolutionShape& shape,
                                                             std::span<const float> weights,
                                                             std::span<const float> bias,
                                                             ClampF32 clamp, Isa isa);

}  // namespace lathe::kernels
