#include "kernels/convolution_f32.h"

#include "base/result.h"
#include "kernels/depthwise_f32/depthwise_convolution_f32.h"
#include "kernels/igemm_f32/igemm_convolution_f32.h"

namespace lathe::kernels {

std::unique_ptr<ConvolutionF32> ConvolutionF32::create(const ConvolutionShape& shape,
                                                       std::span<const float> weights,
                                                       std::span<const float> bias, ClampF32 clamp,
                                                       Isa isa) {
  LATHE_CHECK(shape.valid());
  LATHE_CHECK(weights.size() ==
              static_cast<std::size_t>(shape.out_c * shape.group_in_c() * shape.taps()));
  LATHE_CHECK(bias.empty() || bias.size() == static_cast<std::size_t>(shape.out_c));
  if (shape.is_depthwise()) {
    return create_depthwise_convolution_f32(shape, weights, bias, clamp, isa);
  }
  return create_igemm_convolution_f32(shape, weights, bias, clamp, isa);
}

}  // namespace lathe::kernels
