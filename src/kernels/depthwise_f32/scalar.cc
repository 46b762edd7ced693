#include "kernels/depthwise_f32/args.h"
#include "kernels/storage.h"

namespace lathe::kernels::scalar {
namespace {

template <typename Stored>
void pixels(const DepthwiseF32Args<Stored>& args) {
  for (std::size_t i = 0; i < args.pixel_count; ++i) {
    for (std::size_t c = 0; c < args.channels; ++c) {
      float value = args.bias[c];
      for (std::size_t t = 0; t < args.tap_count; ++t) {
        const Stored* in = args.taps[t].in + i * args.pixel_step + c - c % args.group;
        for (std::size_t j = 0; j < args.group; ++j)
          value += load(in[j]) * args.taps[t].weights[j * args.weight_pitch + c];
      }
      const std::size_t at = i * args.out_step + c;
      if (args.residual != nullptr) value += load(args.residual[at]);
      value = value < args.min ? args.min : value;
      args.out[at] = store<Stored>(value > args.max ? args.max : value);
    }
  }
}

}  // namespace

void depthwise_f32_pixels(const DepthwiseF32Args<float>& args) { pixels(args); }
void depthwise_f32_pixels(const DepthwiseF32Args<BFloat16>& args) { pixels(args); }

}  // namespace lathe::kernels::scalar
