#include "kernels/interpolate_f32/args.h"

namespace lathe::kernels::scalar {

void interpolate_pixels(const InterpolatePixelsArgs& args) {
  for (std::size_t p = 0; p < args.pixels; ++p) {
    const std::int64_t* at = args.at + p * args.taps;
    const float* weights = args.weights + p * args.taps;
    const auto count = static_cast<std::int64_t>(args.count);
    float* out = args.out + p * args.count;
    for (std::int64_t i = 0; i < count; ++i) out[i] = weights[0] * args.in[at[0] * count + i];
    for (std::size_t t = 1; t < args.taps; ++t) {
      for (std::int64_t i = 0; i < count; ++i) out[i] += weights[t] * args.in[at[t] * count + i];
    }
  }
}

void interpolate_elements(const InterpolateElementsArgs& args) {
  for (std::size_t i = 0; i < args.count; ++i) {
    float sum = args.weights[i] * args.in[args.at[i]];
    for (std::size_t t = 1; t < args.taps; ++t)
      sum += args.weights[t * args.pitch + i] * args.in[args.at[t * args.pitch + i]];
    args.out[i] = sum;
  }
}

}  // namespace lathe::kernels::scalar
