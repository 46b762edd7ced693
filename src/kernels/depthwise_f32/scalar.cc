#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {

void depthwise_f32_scalar(const DepthwiseF32Args& args) {
  for (std::size_t i = 0; i < args.pixel_count; ++i) {
    for (std::size_t c = 0; c < args.channels; ++c) {
      float value = args.bias[c];
      for (std::size_t t = 0; t < args.tap_count; ++t) {
        value += args.taps[t].in[i * args.pixel_step + c] * args.taps[t].weights[c];
      }
      const std::size_t at = i * args.out_step + c;
      if (args.residual != nullptr) value += args.residual[at];
      value = value < args.min ? args.min : value;
      args.out[at] = value > args.max ? args.max : value;
    }
  }
}

}  // namespace lathe::kernels
