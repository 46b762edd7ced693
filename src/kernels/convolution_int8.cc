#include "kernels/convolution_int8.h"

#include <vector>

#include "kernels/convolution_int8_layer.h"

namespace lathe::kernels {
namespace {

std::unique_ptr<ConvolutionInt8> create_layer(ConvolutionInt8Layer layer, Isa isa) {
  const ConvolutionShape& shape = layer.shape;
  LATHE_CHECK(shape.valid());
  LATHE_CHECK(layer.input.valid());
  const auto out_c = static_cast<std::size_t>(shape.out_c);
  LATHE_CHECK(layer.weights.size() ==
              out_c * static_cast<std::size_t>(shape.group_in_c() * shape.taps()));
  LATHE_CHECK(layer.multipliers.size() == out_c);
  LATHE_CHECK(layer.bias.empty() || layer.bias.size() == out_c);
  const std::vector<std::int32_t> zeros(layer.bias.empty() ? out_c : 0);
  if (layer.bias.empty()) layer.bias = zeros;
  if (shape.is_depthwise() && shape.out_c == shape.in_c) {
    return create_depthwise_convolution_int8(layer, isa);
  }
  return create_igemm_convolution_int8(layer, isa);
}

}  // namespace

std::unique_ptr<ConvolutionInt8> ConvolutionInt8::create(const ConvolutionShape& shape,
                                                         std::span<const std::int8_t> weights,
                                                         std::span<const std::int32_t> bias,
                                                         QuantizedActivation input,
                                                         const RequantizeParameters& requantize,
                                                         Isa isa) {
  return create_layer({shape, weights, bias, input, requantize.multipliers, false,
                       requantize_args(requantize.output, requantize.min, requantize.max)},
                      isa);
}

std::unique_ptr<ConvolutionInt8> ConvolutionInt8::create_float_output(
    const ConvolutionShape& shape, std::span<const std::int8_t> weights,
    std::span<const std::int32_t> bias, QuantizedActivation input,
    std::span<const float> multipliers, Isa isa) {
  return create_layer({shape, weights, bias, input, multipliers, true, {}}, isa);
}

}  // namespace lathe::kernels
