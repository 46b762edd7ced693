#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {

void depthwise_f32_scalar(const DepthwiseF32Args& args) {
  for (std::size_t i = 0; i < args.pixel_count; ++i) {
    for (std::size_t c = 0; c < args.channels; ++c) {
      float value = args.weights[c];
      for (std::size_t tap = 0; tap < args.taps; ++tap) {
        value += args.rows[tap * args.row_pitch + i][c] *
                 args.weights[(1 + tap) * args.channel_pitch + c];
      }
      const std::size_t at = i * args.channels + c;
      if (args.residual != nullptr) value += args.residual[at];
      value = value < args.min ? args.min : value;
      args.out[at] = value > args.max ? args.max : value;
    }
  }
}

}  // namespace lathe::kernels
