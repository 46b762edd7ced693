// What the two implementations of ConvolutionInt8 are made from and share.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kernels/convolution_int8.h"

namespace lathe::kernels {

// The arguments of ConvolutionInt8::create and create_float_output in one form; bias is [out_c].
struct ConvolutionInt8Layer {
  ConvolutionShape shape;
  std::span<const std::int8_t> weights;
  std::span<const std::int32_t> bias;
  QuantizedActivation input;
  std::span<const float> multipliers;
  bool float_output;
  RequantizeArgs requantize;  // of no meaning for float output
};

// Regular, pointwise and grouped convolutions, as matrix multiplications.
std::unique_ptr<ConvolutionInt8> create_igemm_convolution_int8(const ConvolutionInt8Layer& layer,
                                                               Isa isa);
// Depthwise convolutions with as many outputs as inputs.
std::unique_ptr<ConvolutionInt8> create_depthwise_convolution_int8(
    const ConvolutionInt8Layer& layer, Isa isa);

}  // namespace lathe::kernels
